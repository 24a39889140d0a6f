# Tests of the package provider.
guard_unit_test(signer_package)
