# SPDX-License-Identifier: MIT
# where: host
# A filesystem in an image file: its files can be changed from beneath, which
# changes no time, breaks no lease and drops no mark.
. "$(dirname "$0")/../lib.sh"
point=$SCRATCH/image
PROTECT=$(printf '"%s", ' $AREAS "$point")
PROTECT=${PROTECT%, }
mkdir -p "$point" "$SCRATCH/user"
# A user's image with a file of root's in it, mounted for him.
truncate -s 16M "$SCRATCH/user/image"
mke2fs -q -t ext4 "$SCRATCH/user/image" > /dev/null
make_policy enforce "$LISTED" && write_config
mount -o loop "$SCRATCH/user/image" "$point" && good quiet "$point/program" && umount "$point"
chown -R 65534 "$SCRATCH/user"
launch_guardd
check $? "the daemon starts" "$(tail "$SCRATCH/log/guardd")"
mount -o loop "$SCRATCH/user/image" "$point"
wait_for 10 event_with filesystem-protected "$point"
check $? "the image's filesystem is protected"

old_enough() { [ $(($(date +%s) - $(stat -c %Z "$point/program"))) -gt 3 ]; }
wait_for 20 old_enough
is "a listed program runs" "$point/program"
is "and again" "$point/program"
at=$($AS_USER grep -abo 'GUARD-SWITCH:N:0' "$SCRATCH/user/image" | head -n 1 | cut -d: -f1)
printf 'GUARD-SWITCH:Y:1' | $AS_USER dd of="$SCRATCH/user/image" bs=1 seek="$at" conv=notrunc,fsync 2> "$SCRATCH/log/dd"
check $? "the user writes to the image" "$(cat "$SCRATCH/log/dd")"
# What memory pressure does in time, for this one file.
dd if="$point/program" iflag=nocache count=0 2> /dev/null
blockdev --flushbufs "$(findmnt -no SOURCE "$point")"
expect_denied "a program changed beneath its filesystem" "$point/program"
umount -l "$point"
