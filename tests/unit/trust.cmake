# Tests of libguard/trust.
add_library(trust_fixture STATIC ${CMAKE_CURRENT_SOURCE_DIR}/trust_fixture.c)
target_link_libraries(trust_fixture PUBLIC guard_static PRIVATE guard_flags)

guard_unit_test(trust_canonical)
guard_unit_test(trust_names)
guard_unit_test(trust_keys trust_fixture)
guard_unit_test(trust_document trust_fixture)
guard_unit_test(trust_refresh trust_fixture)
guard_unit_test(trust_targets trust_fixture)

# Each call that touches the disk or the heap fails in turn.
guard_unit_test(trust_faults trust_fixture)
target_compile_options(trust_faults PRIVATE -U_FORTIFY_SOURCE)
foreach(call openat64 write fsync renameat unlinkat fstat64 pread64 pwrite64 ftruncate64 flock
		malloc calloc realloc reallocarray strdup)
	target_link_options(trust_faults PRIVATE -Wl,--wrap=${call})
endforeach()
