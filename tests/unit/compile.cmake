# libguard/policy/compile.
guard_unit_test(compile_bad_test)
guard_unit_test(compile_syntax_test)
guard_unit_test(compile_property_test)
guard_unit_test(compile_image_test)
