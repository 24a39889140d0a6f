# guard_fault_test(NAME LIBRARIES...) - a unit test whose calls that touch the disk
# ask its fault_strikes() first (fault_calls.h).
function(guard_fault_test name)
	guard_unit_test(${name} ${ARGN})
	target_sources(${name} PRIVATE ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/fault_calls.c)
	# Fortified calls have other names.
	target_compile_options(${name} PRIVATE -U_FORTIFY_SOURCE)
	foreach(call openat64 write fsync syncfs renameat unlinkat mkdirat fchmod flock fchdir fstat64 pread64
			pwrite64 ftruncate64)
		target_link_options(${name} PRIVATE -Wl,--wrap=${call})
	endforeach()
endfunction()
