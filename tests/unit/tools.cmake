# guardctl scan.
foreach(name scan_text_test scan_classify_test scan_dpkg_test scan_tree_test)
	guard_unit_test(${name} guardctl_tools)
	target_sources(${name} PRIVATE scan_support.c)
endforeach()

# Each public header compiles alone; the exported symbols are the listed ones.
add_test(NAME libguard/headers COMMAND ${CMAKE_SOURCE_DIR}/scripts/check-headers)
add_test(NAME libguard/symbols COMMAND ${CMAKE_SOURCE_DIR}/scripts/check-symbols $<TARGET_FILE:guard>)
