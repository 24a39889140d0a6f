# The verbs sign and signers; included by CMakeLists.txt.
foreach(name inspect scan_cover scan_signers sign sign_catalog sign_key signers signers_asked signers_find signers_keys signers_list signers_print)
	target_sources(guardctl PRIVATE ${CMAKE_CURRENT_LIST_DIR}/signing/${name}.c)
endforeach()
target_sources(guardctl PRIVATE ${PROJECT_SOURCE_DIR}/guardd/inspect/answer.c)
list(APPEND GUARDCTL_VERBS sign signers)
