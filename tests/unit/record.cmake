# Tests of guardd/record and guardd/control.
add_library(ledger_support STATIC ledger_support.c process_support.c)
target_link_libraries(ledger_support PRIVATE guard_flags PUBLIC guard_record PkgConfig::CUNIT)
foreach(name ledger_chain ledger_damage ledger_fold ledger_questions ledger_store record_process record_crash)
	guard_unit_test(${name} ledger_support)
endforeach()

guard_unit_test(control_clients ledger_support guard_control)
