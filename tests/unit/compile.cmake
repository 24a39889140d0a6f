# libguard/policy/compile.
guard_unit_test(compile_bad_test)
guard_unit_test(compile_syntax_test)
guard_unit_test(compile_property_test)
guard_unit_test(compile_image_test)
guard_unit_test(compile_memory_test)
target_link_options(compile_memory_test PRIVATE
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray)

# The verb `policy` from the command line.
add_test(NAME unit/policy_verbs COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/policy_verbs.sh $<TARGET_FILE:guardctl>)
