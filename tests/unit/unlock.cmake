# Tests of libguard/unlock.
add_library(unlock_fixture STATIC ${CMAKE_CURRENT_SOURCE_DIR}/unlock_fixture.c)
target_link_libraries(unlock_fixture PUBLIC guard_static PRIVATE guard_flags)

guard_unit_test(unlock_groups)
guard_unit_test(unlock_input)
guard_unit_test(unlock_protocol unlock_fixture)
guard_unit_test(unlock_set unlock_fixture)
guard_unit_test(unlock_state unlock_fixture)
guard_unit_test(unlock_attempt unlock_fixture)
guard_unit_test(unlock_key unlock_fixture)
guard_unit_test(unlock_delivery unlock_fixture)
guard_unit_test(unlock_box)

# The vectors of docs/phone-unlock.md, made again by another implementation.
find_package(Python3 COMPONENTS Interpreter REQUIRED)
add_test(NAME unit/unlock_reference
	COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tests/data/unlock_reference.py --check)

# The process on a machine that keeps requests and what is open.
guard_unit_test(unlock_process unlock_fixture guard_unlock)
target_sources(unlock_process PRIVATE ${CMAKE_SOURCE_DIR}/guardd/problem.c ${CMAKE_SOURCE_DIR}/guardd/trusted.c)
