# The verb enroll; included by CMakeLists.txt.
foreach(name enroll enroll_daemon enroll_fetch enroll_store)
	target_sources(guardctl PRIVATE ${CMAKE_CURRENT_LIST_DIR}/enroll/${name}.c)
endforeach()
target_include_directories(guardctl PRIVATE ${CMAKE_CURRENT_LIST_DIR}/enroll)
target_link_libraries(guardctl PRIVATE PkgConfig::CURL)
list(APPEND GUARDCTL_VERBS enroll)
