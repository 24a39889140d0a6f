# The verb policy; included by CMakeLists.txt.
foreach(name policy policy_build policy_diff policy_diff_parts policy_events policy_files policy_input policy_items policy_print
	     policy_test policy_witness)
	target_sources(guardctl PRIVATE ${CMAKE_CURRENT_LIST_DIR}/${name}.c)
endforeach()
target_link_libraries(guardctl PRIVATE PkgConfig::JANSSON)
list(APPEND GUARDCTL_VERBS policy)
