# The verbs keys, repo, exception and deny; included by CMakeLists.txt.  A library
# of its own, so that the unit tests link the same objects.
add_library(guardctl_repo STATIC)
foreach(name deny exception exception_list exception_source exception_subject exception_unlock keys keys_merge
	     keys_tell maintenance repo repo_bounds repo_check repo_delegated
	     repo_clock repo_conf repo_delegate repo_images repo_lockout repo_maintenance repo_names repo_offices repo_options
	     repo_publish repo_publish_files repo_publish_parts repo_publish_tell repo_publish_unlock repo_recover
	     repo_replaced repo_settings
	     repo_roles repo_root repo_seen repo_seen_parse repo_signers repo_state repo_verify repo_walk)
	target_sources(guardctl_repo PRIVATE ${CMAKE_CURRENT_LIST_DIR}/repo/${name}.c)
endforeach()
target_include_directories(guardctl_repo PUBLIC ${CMAKE_CURRENT_LIST_DIR} ${CMAKE_CURRENT_LIST_DIR}/repo
	${PROJECT_SOURCE_DIR}/guardd)
target_link_libraries(guardctl_repo PUBLIC guard_publish guard_static PRIVATE guard_flags PkgConfig::ZLIB)
target_link_libraries(guardctl PRIVATE guardctl_repo)
list(APPEND GUARDCTL_VERBS keys repo exception deny)
