BEGIN { print "ran" >> ENVIRON["GUARD_MARK"] }
