# Tests of libguard's base, identity, wire and policy image rooms.
guard_unit_test(base_buffer_test)
guard_unit_test(base_text_test)
guard_unit_test(identity_test)
guard_unit_test(wire_test)
