# SPDX-License-Identifier: MIT
# where: host guest
# Libraries that a listed program is made to load.
. "$(dirname "$0")/../lib.sh"
start_guardd
readers=("cp --version" "tar --version")
# The guest's processor is emulated: two of them there.
[ "$GUARD_WHERE" = guest ] || readers+=("cat /dev/null" "sha256sum /dev/null" "dpkg-deb --version" "gzip --version" "/usr/bin/mv --version")

for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	so=$area/p.so
	good quiet "$area/quiet"
	both_quietly "LD_PRELOAD on $at" plugin.so "$so" env LD_PRELOAD="$so" "$area/quiet"
	both_quietly "LD_PRELOAD into a system program on $at" plugin.so "$so" env LD_PRELOAD="$so" /usr/bin/id
	both_quietly "LD_AUDIT on $at" plugin.so "$so" env LD_AUDIT="$so" "$area/quiet"
	both_quietly "LD_PRELOAD as another user on $at" plugin.so "$so" $AS_USER env LD_PRELOAD="$so" /usr/bin/id
	# Readers may read an unlisted library; their loader may not map it.
	for reader in "${readers[@]}"; do
		both_quietly "LD_PRELOAD into the reader ${reader%% *} on $at" plugin.so "$so" env LD_PRELOAD="$so" $reader
		both_quietly "LD_AUDIT into the reader ${reader%% *} on $at" plugin.so "$so" env LD_AUDIT="$so" $reader
	done

	# No code yet, but its owner could make it code before the loader maps it;
	# the same program reads it as data.  Again and again: also when it is known.
	# Where the kernel looks again as it is mapped (the guest), the loader may see
	# that it is no code.
	REFUSED='cannot open shared object'
	[ "$GUARD_WHERE" != guest ] || REFUSED="$REFUSED|invalid ELF header"
	printf 'no code, %0100d\n' 0 > "$area/plain"
	chown 65534 "$area/plain"
	for round in 1 2 3; do
		OUT=$(env LD_PRELOAD="$area/plain" /usr/bin/id 2>&1)
		check "$(grep -qE "$REFUSED" <<< "$OUT"; echo $?)" \
			"a user's text is not loaded on $at, $round" "$OUT"
		is "and is read as data on $at, $round" /usr/bin/head -c 1 "$area/plain"
	done

	good uses "$area/uses"
	# The loader says only that it found none.
	both_quietly "RUNPATH on $at" libgift.so "$area/libgift.so" "$area/uses"
	mkdir -p "$area/lib"
	rm -f "$area/libgift.so"
	both_quietly "LD_LIBRARY_PATH on $at" libgift.so "$area/lib/libgift.so" env LD_LIBRARY_PATH="$area/lib" "$area/uses"

	# One letter of a library differs, its size does not.
	rm -f "$so" && good plugin.so "$so"
	expect_allowed "library before it is changed on $at" env LD_PRELOAD="$so" "$area/quiet"
	evil_same_size plugin.so "$area/other.so"
	cat "$area/other.so" > "$so"
	expect_no_trace "library rewritten in place on $at" env LD_PRELOAD="$so" "$area/quiet"
	rm -f "$so" && good quietlib.so "$so"
	expect_no_trace "the quiet library on $at" env LD_PRELOAD="$so" "$area/quiet"
	mv -f "$area/other.so" "$so"
	expect_no_trace "library renamed over a listed one on $at" env LD_PRELOAD="$so" "$area/quiet"

	# A library with a writer is not trusted, even though its content is listed.
	hold() # MODE...: sets holder; ends when descriptor 8 is closed
	{
		rm -f "$area/hold" "$area/held"
		mkfifo "$area/hold"
		"$LISTED/hold" "$@" < "$area/hold" > "$area/held" &
		holder=$!
		exec 8> "$area/hold"
		wait_for 10 grep -q held "$area/held" || fail "holding $* on $at" "$(cat "$area/held")"
	}
	rm -f "$so" && good plugin.so "$so"
	expect_allowed "library before it has a writer on $at" env LD_PRELOAD="$so" "$area/quiet"
	hold write "$so"
	expect_no_trace "library that is open for writing on $at" env LD_PRELOAD="$so" "$area/quiet"
	exec 8>&-
	wait $holder
	expect_allowed "library after its writer left on $at" env LD_PRELOAD="$so" "$area/quiet"

	rm -f "$so"
	hold map "$LISTED/plugin.so" "$so"
	expect_no_trace "library that is mapped for writing on $at" env LD_PRELOAD="$so" "$area/quiet"
	exec 8>&-
	wait $holder
	expect_allowed "library after its mapping is gone on $at" env LD_PRELOAD="$so" "$area/quiet"

	# Changed by a mapping alone: no write() ever happens.
	rm -f "$so"
	hold map "$LISTED/plugin.so" "$so"
	echo x >&8
	wait_for 10 grep -q changed "$area/held"
	exec 8>&-
	wait $holder
	expect_no_trace "library changed by a mapping on $at" env LD_PRELOAD="$so" "$area/quiet"
	rm -f "$area/x"
	hold map "$LISTED/payload" "$area/x"
	expect_no_trace "program that is mapped for writing on $at" "$area/x"
	exec 8>&-
	wait $holder
	expect_allowed "program after its mapping is gone on $at" "$area/x"
done

# A changed root with its own ld.so.preload and ld.so.cache.
for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	root=$area/root
	mkdir -p "$root/lib/x86_64-linux-gnu" "$root/lib64" "$root/bin" "$root/etc" "$root/work"
	ln -sfn lib "$root/usr"
	if [ -d "$LISTED/system" ]; then
		cp "$LISTED"/system/lib* "$root/lib/x86_64-linux-gnu/"
		cp "$LISTED/system/ld-linux-x86-64.so.2" "$root/lib64/"
	else
		ldd "$LISTED/uses" /bin/bash | awk '$3 ~ /^\/(usr\/)?lib\// { print $3 }' | sort -u |
			xargs -I{} cp -L {} "$root/lib/x86_64-linux-gnu/"
		cp -L $LOADER "$root/lib64/"
	fi
	mount --bind "$MARKS" "$root/work" 2> /dev/null || continue
	good quiet "$root/bin/quiet"
	in_root() { GUARD_MARK=/work/$(basename "$GUARD_MARK") chroot "$root" "$@"; }
	export -f in_root
	export root
	echo /p.so > "$root/etc/ld.so.preload"
	both_quietly "ld.so.preload on $at" plugin.so "$root/p.so" bash -c 'in_root /bin/quiet'
	rm -f "$root/etc/ld.so.preload"
	good uses "$root/bin/uses"
	mkdir -p "$root/poison"
	good libgift.so "$root/poison/libgift.so"
	echo /poison > "$root/etc/ld.so.conf"
	/sbin/ldconfig -r "$root" || note "ldconfig failed"
	both_quietly "poisoned ld.so.cache on $at" libgift.so "$root/poison/libgift.so" bash -c 'in_root /bin/uses'
	umount "$root/work"
done
