# SPDX-License-Identifier: MIT
# where: host guest
# ELF files that are unusual: 32-bit, foreign, truncated, with a strange loader.
. "$(dirname "$0")/../lib.sh"
start_guardd

# patch FILE OFFSET BYTES: change bytes in place.
patch() { printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	x=$area/x
	good tiny32 "$x"
	fresh_mark
	if "$x" "$GUARD_MARK" 2> /dev/null && has_mark; then
		pass "allowed: 32-bit program on $at"
		evil tiny32 "$x"
		expect_denied "32-bit program on $at" sh -c "'$x' \"\$GUARD_MARK\""
	else
		skip "32-bit program on $at" "this kernel runs no 32-bit programs"
	fi

	evil payload "$x"
	patch "$x" 18 '\xb7\x00'
	expect_denied "made for another processor on $at" "$x"
	evil payload "$x"
	patch "$x" 16 '\x63\x00'
	expect_denied "of an unknown ELF type on $at" "$x"
	evil payload "$x"
	patch "$x" 4 '\x09'
	expect_denied "of an unknown ELF class on $at" "$x"
	for size in 1 4 16 40 63 64 100 4000; do
		evil payload "$x"
		truncate -s $size "$x"
		expect_denied "cut off after $size bytes on $at" "$x"
	done
	: > "$x"
	expect_no_trace "empty file on $at" "$x"

	# A listed program whose loader (PT_INTERP) is an unlisted file.
	if [ -e "$LISTED/odd" ]; then
		good odd "$x"
		good tiny64 "$area/loader"
		ln -sfn "$area/loader" "$GUARD_ODD_LOADER"
		expect_allowed "a listed file as the loader of a listed program on $at" "$x"
		evil tiny64 "$area/loader"
		expect_denied "an unlisted file as the loader of a listed program on $at" "$x"
	fi

	# The magic is gone: nothing that the kernel runs, but still not listed.
	evil payload "$x"
	patch "$x" 0 'XXXX'
	expect_denied "without the ELF magic on $at" "$x"
done
