# Tests of libguard/trust.
add_library(trust_fixture STATIC ${CMAKE_CURRENT_SOURCE_DIR}/trust_fixture.c
	${CMAKE_CURRENT_SOURCE_DIR}/trust_checks.c)
target_link_libraries(trust_fixture PUBLIC guard_static PkgConfig::CUNIT PRIVATE guard_flags)

guard_unit_test(trust_canonical)
guard_unit_test(trust_names)
guard_unit_test(trust_keys trust_fixture)
guard_unit_test(trust_document trust_fixture)
guard_unit_test(trust_root trust_fixture)
guard_unit_test(trust_refresh trust_fixture)
guard_unit_test(trust_targets trust_fixture)

# Each call that touches the disk or the heap fails in turn.
guard_fault_test(trust_faults trust_fixture)
foreach(call malloc calloc realloc reallocarray strdup)
	target_link_options(trust_faults PRIVATE -Wl,--wrap=${call})
endforeach()
