# libguard/policy/compile.
guard_unit_test(compile_bad_test)
guard_unit_test(compile_syntax_test)
