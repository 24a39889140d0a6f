# The verbs of unlock by phone, both sides; included by CMakeLists.txt.
foreach(name answer answer_known answer_online answer_policy answer_signers ask desk_delivery desk_ledger drill drill_count drill_print desk_secret desk_token refusal helpdesk helpdesk_compare helpdesk_seen helpdesk_sets helpdesk_verifiers
	     i18n maintenance report request told
	     unlock unlocks unlocks_show)
	target_sources(guardctl PRIVATE ${CMAKE_CURRENT_LIST_DIR}/${name}.c)
endforeach()
target_compile_definitions(guardctl PRIVATE
	GUARDCTL_LOCALE_DIR="${CMAKE_INSTALL_FULL_LOCALEDIR}")
list(APPEND GUARDCTL_VERBS request unlock unlocks answer helpdesk report drill maintenance)
