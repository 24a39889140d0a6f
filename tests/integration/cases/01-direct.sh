# SPDX-License-Identifier: MIT
# where: host guest
# Direct execution: unlisted content never runs, whatever its name, path or mode.
. "$(dirname "$0")/../lib.sh"
start_guardd

for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	x=$area/x
	both "unlisted program on $at" evil payload "$x" "$x"
	both "one byte changed, same size, on $at" evil_same_size payload "$x" "$x"
	both "static program on $at" evil payload-static "$x" "$x"
	chmod 755 "$area"
	both "as another user on $at" evil payload "$x" $AS_USER "$x"

	good payload "$x"
	expect_allowed "before it is changed on $at" "$x"
	printf x >> "$x"
	expect_denied "one byte appended to a listed file that ran on $at" "$x"
	good payload "$x"
	expect_allowed "written back on $at" "$x"
	evil_same_size payload "$area/new"
	cat "$area/new" > "$x"
	expect_denied "rewritten in place on $at" "$x"

	good payload "$x"
	evil payload "$area/new"
	expect_allowed "before another is renamed over it on $at" "$x"
	mv -f "$area/new" "$x"
	expect_denied "renamed over a listed name that ran on $at" "$x"
	good payload "$area/listed"
	expect_allowed "a listed file under a new name on $at" "$area/listed"

	rm -f "$x"
	ln "$area/listed" "$x"
	expect_allowed "hard link to a listed file on $at" "$x"
	evil payload "$area/new"
	rm -f "$x"
	ln "$area/new" "$x"
	expect_denied "hard link to an unlisted file on $at" "$x"
	printf x >> "$area/listed"
	ln -f "$area/listed" "$x"
	expect_denied "changed through its other name on $at" "$x"

	good payload "$area/listed"
	ln -sf listed "$x"
	expect_allowed "symbolic link to a listed file on $at" "$x"
	ln -sfn new "$x"
	expect_denied "symbolic link turned to an unlisted file on $at" "$x"

	rm -f "$x"
	good payload "$x"
	expect_allowed "before another is mounted over it on $at" "$x"
	mount --bind "$area/new" "$x"
	expect_denied "mounted over a listed file on $at" "$x"
	# The gate may be looking at the mount at this moment.
	unmount_kept "$x"
	expect_allowed "the listed file below it on $at" "$x"

	rm -f "$x"
	evil payload "$x"
	chmod 4755 "$x"
	expect_denied "set-uid copy on $at" $AS_USER "$x"
	good payload "$x"
	chmod 4755 "$x"
	expect_allowed "set-uid copy of a listed file on $at" $AS_USER "$x"

	evil payload "$area/new"
	expect_denied "the unlisted one by a copy on $at" sh -c "cp '$area/new' '$area/copy' && '$area/copy'"
	expect_denied "from its own folder on $at" sh -c "cd '$area' && ./new"
	expect_denied "by PATH on $at" sh -c "PATH='$area':\$PATH; new"
	mkdir -p "$area/deep/er"
	mv "$area/new" "$area/deep/er/new"
	expect_denied "moved to another folder on $at" "$area/deep/er/new"
done

# Compiled here, then run: the compiler is an ordinary listed program.
if command -v cc > /dev/null; then
	for area in $AREAS; do
		fresh_mark
		printf '%s\n' '#include <stdio.h>' '#include <stdlib.h>' 'int main(void) {' "/* $RANDOM$RANDOM */" \
			'fputs("ran", fopen(getenv("GUARD_MARK"), "w")); return 0; }' | cc -w -x c -o "$area/fresh" -
		expect_denied "compiled on $(stat -f -c %T "$area")" "$area/fresh"
	done
fi
