# SPDX-License-Identifier: MIT
# where: host guest
# Tools of packaging, backup and copying read unlisted programs; their copies do
# not run.
. "$(dirname "$0")/../lib.sh"
start_guardd

for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	evil payload "$area/evil"
	evil plugin.so "$area/evil.so"
	evil mark.sh "$area/evil.sh"
	want=$(sha256sum < "$LISTED/payload")
	for file in evil evil.so evil.sh; do
		is "cp reads $file on $at" cp "$area/$file" "$area/copy"
		is "cp made the same of $file on $at" cmp "$area/$file" "$area/copy"
		is "cat reads $file on $at" sh -c "cat '$area/$file' > '$area/copy'"
		is "sha256sum reads $file on $at" sha256sum "$area/$file"
		is "tar reads $file on $at" tar -cf "$area/all.tar" -C "$area" $file
		is "tar writes $file on $at" tar -xf "$area/all.tar" -C "$area"
		is "gzip reads $file on $at" sh -c "gzip -c '$area/$file' > '$area/copy.gz'"
		is "mv moves $file on $at" sh -c "cp '$area/$file' '$area/m1' && mv '$area/m1' '$area/m2'"
	done
	chmod 755 "$area/copy" "$area/m2"
	cp "$area/evil" "$area/copy"
	expect_denied "the copy on $at" "$area/copy"
	tar -cf "$area/all.tar" -C "$area" evil && rm "$area/evil" && tar -xf "$area/all.tar" -C "$area"
	expect_denied "out of an archive on $at" "$area/evil"

	# A package with an unlisted program in it.
	if command -v dpkg-deb > /dev/null; then
		mkdir -p "$area/deb/DEBIAN" "$area/deb/usr/bin"
		cp "$area/evil" "$area/deb/usr/bin/guard-evil"
		printf 'Package: guard-evil\nVersion: 1\nArchitecture: amd64\nMaintainer: test\nDescription: test\n' \
			> "$area/deb/DEBIAN/control"
		is "dpkg-deb packs it on $at" dpkg-deb --build "$area/deb" "$area/evil.deb"
		is "dpkg-deb reads it on $at" dpkg-deb --contents "$area/evil.deb"
		is "dpkg-deb unpacks it on $at" dpkg-deb -x "$area/evil.deb" "$area/unpacked"
		expect_denied "out of a package on $at" "$area/unpacked/usr/bin/guard-evil"
	fi

	# No reader: the same bytes opened by an interpreter's own code are a library.
	expect_no_trace "python reads an unlisted library on $at" $PYTHON -c "open('$area/evil.so', 'rb').read(); raise SystemExit(1)"
	# Plain data is nobody's business.
	head -c 100000 /dev/urandom > "$area/data"
	is "data on $at" cmp "$area/data" "$area/data"
	is "python reads data on $at" $PYTHON -c "open('$area/data', 'rb').read()"
	printf 'hello\n' > "$area/note.txt"
	is "python reads a text on $at" $PYTHON -c "open('$area/note.txt').read()"
	is "grep reads a text on $at" grep -q hello "$area/note.txt"
	is "a shell writes and others read on $at" sh -c "echo x > '$area/w' && test \"\$(cat '$area/w')\" = x"
done
