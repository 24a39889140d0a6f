# Warnings and hardening for every target: `guard_flags` is linked privately.
add_library(guard_flags INTERFACE)
include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported()

target_compile_definitions(guard_flags INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)
target_compile_options(guard_flags INTERFACE
	-Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes
	-Wpointer-arith -Wwrite-strings -Wformat=2 -Wundef -Wvla -Wno-gnu-zero-variadic-macro-arguments)
if(GUARD_WERROR)
	target_compile_options(guard_flags INTERFACE -Werror)
endif()
foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection=full -fno-common)
	string(MAKE_C_IDENTIFIER have${flag} var)
	check_c_compiler_flag(${flag} ${var})
	if(${var})
		target_compile_options(guard_flags INTERFACE ${flag})
	endif()
endforeach()
target_link_options(guard_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)

if(GUARD_SANITIZE)
	target_compile_options(guard_flags INTERFACE -fsanitize=${GUARD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
	target_link_options(guard_flags INTERFACE -fsanitize=${GUARD_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
	target_compile_options(guard_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()
