# SPDX-License-Identifier: MIT
# where: host
# A filesystem in an image file that a user may write: its files change from
# beneath, which moves no time, breaks no lease and drops no mark.  So nothing of
# it is remembered; of one in an image of root's it is.
. "$(dirname "$0")/../lib.sh"
set -- $AREAS
area=$1

# Told apart by inode number: no two programs here have the same.
is_remembered()
{
	local number pid
	number=$(printf 'ino:%x ' "$(stat -c %i "$1")")
	for pid in $PIDS; do
		cat /proc/"$pid"/fdinfo/* 2> /dev/null | grep -F "$number" | grep -qv 'ignored_mask:0' && return 0
	done
	return 1
}
use_until_remembered() { GUARD_MARK=/dev/null "$1" > /dev/null 2>&1; is_remembered "$1"; }

kinds=ext4
type mkfs.btrfs > /dev/null 2>&1 && grep -qw btrfs /proc/filesystems && kinds="ext4 btrfs"
mkdir -p "$SCRATCH/user"
PROTECT=$(printf '"%s", ' $AREAS)
for kind in $kinds; do
	for owner in root user; do
		image=$SCRATCH/user/$owner-$kind
		point=$SCRATCH/at-$owner-$kind
		mkdir "$point"
		truncate -s 128M "$image"
		"mkfs.$kind" -q "$image" > /dev/null && mount -o loop "$image" "$point" &&
			touch "$point/1" "$point/${owner/root/1}" && good quiet "$point/program"
		PROTECT="$PROTECT\"$point\", "
	done
	umount "$SCRATCH/at-user-$kind"
	chown 65534 "$SCRATCH/user/user-$kind"
	mount -o loop "$SCRATCH/user/user-$kind" "$SCRATCH/at-user-$kind"
done
PROTECT=${PROTECT%, }
make_policy enforce "$LISTED" && write_config && launch_guardd
check $? "the daemon starts" "$(tail "$SCRATCH/log/guardd")"
PIDS=$(guard_pids)

# When root's is remembered, the user's is old enough to be.
for kind in $kinds; do
	wait_for 20 use_until_remembered "$SCRATCH/at-root-$kind/program"
	check $? "a program in root's image is remembered ($kind)"
	is "one in the user's image runs ($kind)" "$SCRATCH/at-user-$kind/program"
	is "and again" "$SCRATCH/at-user-$kind/program"
	check "$(! is_remembered "$SCRATCH/at-user-$kind/program"; echo $?)" "it is not remembered ($kind)"
done

point=$SCRATCH/at-user-ext4
image=$SCRATCH/user/user-ext4
at=$(grep -abo 'GUARD-SWITCH:N:0' "$image" | head -n 1 | cut -d: -f1)
printf 'GUARD-SWITCH:Y:1' | setpriv --reuid 65534 --clear-groups \
	dd of="$image" bs=1 seek="$at" conv=notrunc,fsync 2> "$SCRATCH/log/dd"
check $? "the user writes to the image" "$(cat "$SCRATCH/log/dd")"
# What memory pressure does in time, for this one file.
dd if="$point/program" iflag=nocache count=0 2> /dev/null
blockdev --flushbufs "$(findmnt -no SOURCE "$point")"
expect_denied "a program changed beneath its filesystem" "$point/program"
for kind in $kinds; do
	umount -l "$SCRATCH/at-root-$kind" "$SCRATCH/at-user-$kind"
done
true
