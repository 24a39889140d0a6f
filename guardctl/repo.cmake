# The verbs keys, repo, exception and deny; included by CMakeLists.txt.
foreach(name deny exception exception_list exception_source exception_subject exception_unlock keys repo repo_bounds repo_check
	     repo_conf repo_delegate repo_images repo_names repo_options repo_publish repo_publish_files repo_publish_parts
	     repo_publish_tell repo_roles repo_root repo_seen repo_seen_parse repo_signers repo_state)
	target_sources(guardctl PRIVATE ${CMAKE_CURRENT_LIST_DIR}/repo/${name}.c)
endforeach()
target_include_directories(guardctl PRIVATE ${CMAKE_CURRENT_LIST_DIR}/repo)
target_link_libraries(guardctl PRIVATE guard_publish)
list(APPEND GUARDCTL_VERBS keys repo exception deny)
