# SPDX-License-Identifier: MIT
# where: host
# Audit: everything runs, what would be denied is recorded, nothing else changes.
. "$(dirname "$0")/../lib.sh"
start_guardd audit

facts() { stat -c '%a %u %g %s %i %h %W %Y %Z' "$1"; getfattr -d -m - "$1" 2> /dev/null; sha256sum < "$1"; }

for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	evil payload "$area/evil"
	evil plugin.so "$area/evil.so"
	evil mark.sh "$area/evil.sh"
	good quiet "$area/quiet"
	before=$(facts "$area/evil")
	access=$(stat -c %X "$area/evil")
	expect_allowed "unlisted program in audit on $at" "$area/evil"
	expect_allowed "unlisted library in audit on $at" env LD_PRELOAD="$area/evil.so" "$area/quiet"
	expect_allowed "unlisted script in audit on $at" bash "$area/evil.sh"
	check "$([ "$(facts "$area/evil")" = "$before" ]; echo $?)" "the file is as it was on $at"
	wait_for 5 event_with "$area/evil\""
	check $? "what would be denied is recorded on $at" "$(events | tail -n 3)"
	is "the daemon leaves no lock on $at" sh -c "printf x >> '$area/evil'"
done
check "$([ "$(status_of denied)" = 0 ]; echo $?)" "nothing was denied"
check "$([ "$(status_of would_deny)" -gt 0 ]; echo $?)" "status counts what would be denied"
