# Tests of guardd/sync and guardd/trust.
pkg_check_modules(SSL REQUIRED IMPORTED_TARGET libssl)
guard_unit_test(sync_transfer guardd_objects PkgConfig::SSL)
target_sources(sync_transfer PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}/tls_server.c)
guard_unit_test(trust_pause guardd_objects)

# Each call by which the trust process stores something fails in turn.
guard_fault_test(trust_process guardd_objects trust_fixture)
target_link_options(trust_process PRIVATE -Wl,--wrap=time)
