/* SPDX-License-Identifier: MIT
 *
 * unit/unit.h - one CUnit program per module: UNIT_MAIN("name", tests), or
 * UNIT_MAIN_WITH("name", set_up, tear_down, tests).
 */
#ifndef GUARD_TESTS_UNIT_H
#define GUARD_TESTS_UNIT_H

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#define UNIT_MAIN(name, tests) UNIT_MAIN_WITH(name, NULL, NULL, tests)

#define UNIT_MAIN_WITH(name, set_up, tear_down, tests)                             \
	int main(void)                                                             \
	{                                                                          \
		CU_SuiteInfo suites[] = { { name, set_up, tear_down, NULL, NULL, tests }, \
					  CU_SUITE_INFO_NULL };                    \
		unsigned failures;                                                 \
		if (CU_initialize_registry() != CUE_SUCCESS ||                     \
		    CU_register_suites(suites) != CUE_SUCCESS)                     \
			return 2;                                                  \
		CU_basic_set_mode(CU_BRM_NORMAL);                                  \
		CU_basic_run_tests();                                              \
		failures = CU_get_number_of_failures();                            \
		CU_cleanup_registry();                                             \
		return failures ? 1 : 0;                                           \
	}

#endif
