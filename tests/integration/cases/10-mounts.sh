# SPDX-License-Identifier: MIT
# where: host guest
# Mounts that come and go, other names of a filesystem, other mount namespaces.
. "$(dirname "$0")/../lib.sh"
start_guardd

bind=$SCRATCH/bind
mkdir "$bind"
for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	x=$area/x
	mkdir -p "$area/other"
	good payload "$x"
	mount --bind "$area" "$bind"
	both "by a bind mount on $at" evil payload "$x" "$bind/x"
	umount "$bind"
	both "in a mount namespace of its own on $at" evil payload "$x" unshare -m "$x"
	both "by a bind mount in a namespace on $at" evil payload "$x" \
		unshare -m sh -c "mount --bind '$area' '$bind' && exec '$bind/x'"
	both "by a recursive bind in a namespace on $at" evil payload "$x" \
		unshare -m sh -c "mount --rbind '$area' '$area/other' && exec '$area/other/x'"
	both "mount moved in a namespace on $at" evil payload "$x" \
		unshare -m sh -c "mount --bind '$area' '$bind' && mount --make-private '$bind' && mkdir -p '$area/m' &&
			mount --bind '$bind' '$area/m' && exec '$area/m/x'"
	# An unlisted file over a listed system program, in a private view.
	evil payload "$x"
	expect_denied "mounted over a system program on $at" \
		unshare -m sh -c "mount --bind '$x' /usr/bin/id && exec /usr/bin/id"
	good payload "$x"
	expect_allowed "a listed file over a system program on $at" \
		unshare -m sh -c "mount --bind '$x' /usr/bin/id && exec /usr/bin/id"
done
[ "$GUARD_WHERE" = guest ] || exit 0

# Only where all is protected: filesystems mounted after the daemon started.
disk=$SCRATCH/disk
point=$SCRATCH/point
mkdir -p "$point"
truncate -s 32M "$disk"
for kind in ext4 vfat tmpfs; do
	case $kind in
	ext4) mke2fs -q -t ext4 "$disk" > /dev/null && options="-o loop" source=$disk ;;
	vfat) command -v mkfs.vfat > /dev/null || { skip "a removable $kind" "mkfs.vfat is not installed"; continue; }
		mkfs.vfat "$disk" > /dev/null && options="-o loop" source=$disk ;;
	tmpfs) options="-t tmpfs" source=none ;;
	esac
	mount $options $source "$point" || { fail "mounting a $kind"; continue; }
	evil payload "$point/x"
	wait_for 5 eval "! '$point/x' 2> /dev/null"
	both "new $kind" evil payload "$point/x" "$point/x"
	umount "$point"
	mount $options $source "$point"
	both "$kind that came again" evil payload "$point/x" "$point/x"
	umount "$point"
done

# A storm: each time a fresh filesystem, used at once.  What gets through in the
# moment between mount and mark is swept: it does not go on running.
mke2fs -q -t ext4 "$disk" > /dev/null
mount -o loop "$disk" "$point"
evil payload "$point/x"
umount "$point"
fresh_mark
rounds=20
for round in $(seq $rounds); do
	mount -o loop "$disk" "$point" && { "$point/x" 2> /dev/null; umount "$point"; }
done
# By name: a shell may not open the marks here, a text that is not listed.
note "ran in the moment after a mount: $(wc -l "$GUARD_MARK" 2> /dev/null | cut -d ' ' -f 1) of $rounds"
for area in $AREAS; do
	both "after a mount storm" evil payload "$area/x" "$area/x"
done
is "the daemon still answers" ctl status
