# Tests of guardd's configuration, jail and keeper.
guard_unit_test(config_test guardd_objects)
guard_unit_test(enrolment_test guardd_objects)
# A sanitizer's runtime makes calls of its own: such builds have no filter to test.
if(NOT GUARD_SANITIZE)
	guard_unit_test(jail_test guardd_objects)
endif()
guard_unit_test(keeper_back guardd_objects image_fixture)
guard_unit_test(keeper_bury guardd_objects)
