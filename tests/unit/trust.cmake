# Tests of libguard/trust.
add_library(trust_fixture STATIC ${CMAKE_CURRENT_SOURCE_DIR}/trust_fixture.c)
target_link_libraries(trust_fixture PUBLIC guard_static PRIVATE guard_flags)

guard_unit_test(trust_canonical)
guard_unit_test(trust_names)
guard_unit_test(trust_keys trust_fixture)
guard_unit_test(trust_document trust_fixture)
guard_unit_test(trust_refresh trust_fixture)
