# SPDX-License-Identifier: MIT
# where: host guest
# Races between check and use, thousands of rounds each.  The positive control
# is the same race between two listed files: it shows that the race is won.
. "$(dirname "$0")/../lib.sh"
start_guardd
rounds=${GUARD_RACE_ROUNDS:-2000}
[ "$GUARD_WHERE" = host ] || rounds=${GUARD_RACE_ROUNDS:-200}

# race NAME MODE LISTED-FILE MARKING-FILE [COMMAND...]
race()
{
	local name=$1 mode=$2 quiet=$3 loud=$4 ran
	shift 4
	rm -rf "$area/race" && mkdir "$area/race"
	fresh_mark
	OUT=$(timeout 200 "$LISTED/race" "$mode" "$LISTED/$quiet" "$LISTED/$loud" "$area/race" $((rounds / 5)) "$@")
	ran=$(wc -l 2> /dev/null < "$GUARD_MARK" || echo 0)
	# A writer that never leaves is refused even with listed content.
	if [ "$mode" = held ] || [ "$mode" = map ]; then
		check "$([ "$ran" = 0 ]; echo $?)" "a listed file with a writer is refused: $name" "$ran times; $OUT"
	else
		check "$([ "$ran" -gt 0 ]; echo $?)" "the race is won with listed files: $name" "$OUT"
	fi
	rm -rf "$area/race" && mkdir "$area/race"
	evil_same_size "$loud" "$area/evil"
	fresh_mark
	OUT=$(timeout 300 "$LISTED/race" "$mode" "$LISTED/$quiet" "$area/evil" "$area/race" $rounds "$@")
	RC=$?
	ran=$(wc -l 2> /dev/null < "$GUARD_MARK" || echo 0)
	check "$([ "$ran" = 0 ] && [ $RC = 0 ]; echo $?)" "zero successes: $name ($OUT)" "$ran of $rounds ran, exit $RC"
}

for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	race "rename on $at" rename quiet payload
	race "symbolic link on $at" symlink quiet payload
	race "hash then write on $at" write quiet payload
	race "inode used again on $at" inode quiet payload
	race "library renamed on $at" rename quietlib.so plugin.so $LOADER --preload {} "$LISTED/quiet"
	race "library by symbolic link on $at" symlink quietlib.so plugin.so $LOADER --preload {} "$LISTED/quiet"
	race "library whose inode is used again on $at" inode quietlib.so plugin.so $LOADER --preload {} "$LISTED/quiet"
	race "library with a writer on $at" held quietlib.so plugin.so $LOADER --preload {} "$LISTED/quiet"
	race "library with a writable mapping on $at" map quietlib.so plugin.so $LOADER --preload {} "$LISTED/quiet"
done
