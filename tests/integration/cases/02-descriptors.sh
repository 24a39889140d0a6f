# SPDX-License-Identifier: MIT
# where: host guest
# Files without a usual name: unlinked, O_TMPFILE, by descriptor, execveat, /proc.
. "$(dirname "$0")/../lib.sh"
start_guardd

for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	good payload "$area/good"
	evil payload "$area/evil"
	good runfd "$area/runfd"
	for mode in fd path-fd proc folder tmpfile tmpfile-proc unlinked unlinked-proc; do
		expect_allowed "$mode on $at" "$area/runfd" $mode "$area/good" "$area"
		expect_denied "$mode on $at" "$area/runfd" $mode "$area/evil" "$area"
	done

	# The file was opened while it was listed, and is changed then: either the
	# change is refused (it is in use) or what it became.
	good payload "$area/x"
	expect_allowed "descriptor of the shell on $at" bash -c "exec 9< '$area/x'; /proc/self/fd/9"
	expect_denied "changed behind the shell's descriptor on $at" \
		bash -c "exec 9< '$area/x'; printf x >> '$area/x' && /proc/self/fd/9"
	evil payload "$area/x"
	expect_denied "deleted, by the shell's descriptor on $at" \
		bash -c "exec 9< '$area/x'; rm '$area/x'; /proc/self/fd/9"
	expect_denied "/proc/self/root on $at" "/proc/self/root$area/evil"
	expect_denied "/proc/self/cwd on $at" bash -c "cd '$area'; /proc/self/cwd/evil"
done
