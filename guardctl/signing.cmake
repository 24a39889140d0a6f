# The verbs sign and signers; included by CMakeLists.txt.
foreach(name sign sign_catalog sign_key)
	target_sources(guardctl PRIVATE ${CMAKE_CURRENT_LIST_DIR}/signing/${name}.c)
endforeach()
list(APPEND GUARDCTL_VERBS sign)
