# SPDX-License-Identifier: MIT
# where: host
# A user's own FUSE filesystem, which not even root may look into.  A listed content runs
# from it no more than another: its server shows what it likes when it is used (by root's
# own it does: 21-slow).
. "$(dirname "$0")/../lib.sh"
set -- $AREAS
area=$1
point=$SCRATCH/fuse
mkdir -p "$point"
chown 65534 "$point"
if ! [ -x "$LISTED/slowfs" ] || ! [ -c /dev/fuse ]; then
	skip "a user's FUSE filesystem" "no FUSE here"
	exit 0
fi
PROTECT=$(printf '"%s", ' $AREAS "$point")
PROTECT=${PROTECT%, }
make_policy enforce "$LISTED" && write_config && launch_guardd
check $? "the daemon starts" "$(tail "$SCRATCH/log/guardd")"

# As fusermount3 does it for a user, who may have no /dev/fuse of his own here.
exec 9<> /dev/fuse
mount -i -t fuse -o fd=9,rootmode=40000,user_id=65534,group_id=65534,nosuid,nodev slowfs "$point"
$AS_USER "$LISTED/slowfs" "$LISTED/payload-static" /dev/fd/9 -f > "$SCRATCH/log/fuse" 2>&1 &
server=$!
exec 9>&-
is "the user mounted it" grep -q " $point " /proc/self/mountinfo
if [ "$(cat /sys/module/fuse/parameters/allow_sys_admin_access)" = Y ]; then
	expect_denied "a listed content on a user's FUSE filesystem" $AS_USER "$point/good"
	wait_for 10 event_with '"reason":"served"' "$point/good"
	check $? "the record says why" "$(events --limit 5)"
else
	# Without that parameter (the package sets it) the kernel hides it from root.
	wait_for 10 event_with filesystem-unprotected "$point"
	check $? "it is said that a user's FUSE filesystem is not protected" "$(events --limit 5)"
fi
umount -l "$point"
kill "$server" 2> /dev/null
true
