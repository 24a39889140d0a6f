# Tests of the package provider.
guard_unit_test(signer_package)
guard_unit_test(package_links guard_package)
if(GUARD_RPM)
	guard_unit_test(package_rpm guard_package)
endif()
