# The verbs scan and doctor; included by CMakeLists.txt.

# policy/presets/common.conf as a C array, so that `scan` and the presets have
# one list of interpreters and readers.
set(common_conf ${CMAKE_SOURCE_DIR}/policy/presets/common.conf)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${common_conf})
file(READ ${common_conf} common_hex HEX)
string(REGEX REPLACE "(................................)" "\\1\n\t" common_hex "${common_hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1, " common_bytes "${common_hex}")
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/scan_presets_source.c CONTENT
"/* Made by guardctl/tools.cmake from policy/presets/common.conf. */
#include \"scan_presets.h\"

const char scan_presets_source[] = {
	@common_bytes@0x00
};
" @ONLY)

# A library of its own, so that the unit tests link the same objects.
add_library(guardctl_tools STATIC ${CMAKE_CURRENT_BINARY_DIR}/scan_presets_source.c)
foreach(name doctor doctor_boot doctor_config doctor_files doctor_findings doctor_guard doctor_kernel
	     doctor_machine doctor_mounts doctor_read doctor_sysctls scan scan_classify scan_dpkg scan_dpkg_parse
	     scan_files scan_hash scan_head scan_modules scan_options scan_order scan_output scan_presets scan_progress scan_summary
	     scan_text scan_walk)
	target_sources(guardctl_tools PRIVATE ${CMAKE_CURRENT_LIST_DIR}/${name}.c)
endforeach()
target_include_directories(guardctl_tools PUBLIC ${CMAKE_CURRENT_LIST_DIR})
target_link_libraries(guardctl_tools PUBLIC guard_static Threads::Threads PRIVATE guard_flags guard_unpack)
target_link_libraries(guardctl PRIVATE guardctl_tools)
list(APPEND GUARDCTL_VERBS scan doctor)
