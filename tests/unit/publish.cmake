# libguard/publish, and log lines as guardctl reads them.
guard_unit_test(publish_test)
target_sources(publish_test PRIVATE ${CMAKE_SOURCE_DIR}/guardctl/repo/repo_seen_parse.c)
target_include_directories(publish_test PRIVATE ${CMAKE_SOURCE_DIR}/guardctl ${CMAKE_SOURCE_DIR}/guardctl/repo)
target_link_libraries(publish_test PRIVATE guard_publish)

# Each call of a publication that touches the disk fails in turn.
guard_fault_test(publish_faults guardctl_repo)
