# What guardctl computes without a daemon.
foreach(name guardctl_drill guardctl_told)
	guard_unit_test(${name} PkgConfig::JANSSON)
	target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/guardctl)
endforeach()
target_sources(guardctl_drill PRIVATE ${CMAKE_SOURCE_DIR}/guardctl/drill_count.c)
target_sources(guardctl_told PRIVATE ${CMAKE_SOURCE_DIR}/guardctl/told_text.c
	${CMAKE_SOURCE_DIR}/guardctl/told_formats_access.c ${CMAKE_SOURCE_DIR}/guardctl/told_formats_daemon.c
	${CMAKE_SOURCE_DIR}/guardctl/told_formats_policy.c)
