# SPDX-License-Identifier: MIT
# where: host guest
# A changed root with a tree that looks like the system's.
. "$(dirname "$0")/../lib.sh"
start_guardd

for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	root=$area/root
	mkdir -p "$root/usr/bin" "$root/old" "$root$MARKS" "$root/run"
	mount --bind "$MARKS" "$root$MARKS"
	for name in /usr/bin/bash /usr/bin/python3 /usr/bin/dpkg; do
		both "chroot with a false $name on $at" evil payload-static "$root$name" chroot "$root" $name
	done
	both "pivot_root on $at" evil payload-static "$root/usr/bin/init" \
		unshare -m sh -c "mount --make-rprivate / && mount --rbind '$root' '$root' && cd '$root' &&
			pivot_root . old && exec /usr/bin/init"
	both "/proc/PID/root on $at" evil payload-static "$root/usr/bin/id" "/proc/self/root$root/usr/bin/id"
	umount "$root$MARKS"
done

[ "$GUARD_WHERE" = guest ] || exit 0
# A fresh tmpfs inside a user namespace needs the kernel layer, or this setting.
old=$(sysctl -n user.max_user_namespaces)
sysctl -q user.max_user_namespaces=0
good payload "$SCRATCH/x"
expect_allowed "a listed program while user namespaces are off" $AS_USER "$SCRATCH/x"
expect_no_trace "user namespaces turned off" $AS_USER unshare -Urm sh -c \
	"mount -t tmpfs none /mnt && cp '$SCRATCH/x' /mnt/x && echo >> /mnt/x && /mnt/x"
check "$([ "$RC" != 0 ]; echo $?)" "unshare is refused while user namespaces are off" "$OUT"
sysctl -q user.max_user_namespaces="$old"
