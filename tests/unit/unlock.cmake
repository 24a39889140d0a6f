# Tests of libguard/unlock.
add_library(unlock_fixture STATIC ${CMAKE_CURRENT_SOURCE_DIR}/unlock_fixture.c)
target_link_libraries(unlock_fixture PUBLIC guard_static PRIVATE guard_flags)

guard_unit_test(unlock_groups)
guard_unit_test(unlock_input)
guard_unit_test(unlock_protocol unlock_fixture)
guard_unit_test(unlock_set unlock_fixture)
guard_unit_test(unlock_guess unlock_fixture)
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
add_library(unlock_room STATIC ${CMAKE_CURRENT_SOURCE_DIR}/unlock_room.c)
target_link_libraries(unlock_room PUBLIC unlock_fixture guard_unlock PkgConfig::CUNIT PRIVATE guard_flags)
foreach(name unlock_process unlock_restarts unlock_channel unlock_maintenance)
	guard_unit_test(${name} unlock_room)
	target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/guardd/problem.c ${CMAKE_SOURCE_DIR}/guardd/trusted.c)
endforeach()

# For the integration cases: a key file that opens quickly.
add_executable(light_key ${CMAKE_SOURCE_DIR}/tests/integration/light_key.c)
target_link_libraries(light_key PRIVATE guard_static guard_flags)

# The notifier.
guard_unit_test(notify_flood)
target_sources(notify_flood PRIVATE ${CMAKE_SOURCE_DIR}/guardnotify/flood.c)
target_include_directories(notify_flood PRIVATE ${CMAKE_SOURCE_DIR}/guardnotify ${CMAKE_SOURCE_DIR}/guardctl)
target_link_libraries(notify_flood PRIVATE PkgConfig::JANSSON)
guard_unit_test(notify_ends)
target_sources(notify_ends PRIVATE ${CMAKE_SOURCE_DIR}/guardnotify/ends.c)
target_include_directories(notify_ends PRIVATE ${CMAKE_SOURCE_DIR}/guardnotify ${CMAKE_SOURCE_DIR}/guardctl)
target_link_libraries(notify_ends PRIVATE PkgConfig::JANSSON)
