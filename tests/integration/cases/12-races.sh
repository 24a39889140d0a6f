# SPDX-License-Identifier: MIT
# where: host guest
# Races between check and use, thousands of rounds each.  The positive control
# is the same race between two listed files: it shows that the race is won.
. "$(dirname "$0")/../lib.sh"
start_guardd
rounds=${GUARD_RACE_ROUNDS:-1000}
held=$(status_of backend) # "bpf": the kernel looks again at the moment of use
[ "$GUARD_WHERE" = host ] || rounds=${GUARD_RACE_ROUNDS:-20}

# The attacker is a user, who owns the folder.  (Root can rewrite a program in
# the moment between the answer and the kernel's own lock on it; the kernel layer
# looks then, without it that is counted below.)
arena() { rm -rf "$area/race" && mkdir "$area/race" && chown "$1" "$area/race"; }

# round AS MODE QUIET LOUD ROUNDS [COMMAND...]: sets OUT, RC and ran.
round()
{
	local as=$1 mode=$2 quiet=$3 loud=$4 count=$5
	shift 5
	arena "$([ -n "$as" ] && echo 65534 || echo 0)"
	fresh_mark
	OUT=$(timeout 300 $as "$LISTED/race" "$mode" "$quiet" "$loud" "$area/race" "$count" "$@")
	RC=$?
	# By name: in the guest a shell may not open the marks, a text that is not listed.
	ran=$(wc -l "$GUARD_MARK" 2> /dev/null | cut -d ' ' -f 1)
	ran=${ran:-0}
}

# control MODE QUIET LOUD [COMMAND...]: the same race between two listed files,
# again until it is won: who runs when is the scheduler's business, not guard's.
control()
{
	local tries=1

	round "$AS_USER" "$1" "$2" "$3" $((rounds / 5)) "${@:4}"
	while [ "$ran" = 0 ] && [ $tries -lt 30 ]; do
		round "$AS_USER" "$1" "$2" "$3" $((rounds / 5)) "${@:4}"
		tries=$((tries + 1))
	done
	OUT="try $tries: $OUT"
}

# race NAME MODE LISTED-FILE MARKING-FILE [COMMAND...]
race()
{
	local name=$1 mode=$2 quiet=$LISTED/$3 loud=$4 ran
	shift 4
	# A writer that never leaves is refused even with listed content, and code
	# that may be in use is not opened for writing: no swap, no win.
	case $mode in
	held | map | write) round "$AS_USER" "$mode" "$quiet" "$LISTED/$loud" $((rounds / 5)) "$@" ;;
	*) control "$mode" "$quiet" "$LISTED/$loud" "$@" ;;
	esac
	if [ "$mode" = held ] || [ "$mode" = map ]; then
		check "$([ "$ran" = 0 ]; echo $?)" "a listed file with a writer is refused: $name" "$ran times; $OUT"
	elif [ "$mode" = write ]; then
		note "listed files: $name: $ran ran ($OUT)"
	else
		check "$([ "$ran" -gt 0 ]; echo $?)" "the race is won with listed files: $name" "$OUT"
	fi
	evil_same_size "$loud" "$area/evil"
	round "$AS_USER" "$mode" "$quiet" "$area/evil" "$rounds" "$@"
	check "$([ "$ran" = 0 ] && [ $RC = 0 ]; echo $?)" "zero successes: $name ($OUT)" "$ran of $rounds ran, exit $RC"
}

for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	chmod 755 "$area"
	race "rename on $at" rename quiet payload
	race "symbolic link on $at" symlink quiet payload
	race "hash then write on $at" write quiet payload
	race "inode used again on $at" inode quiet payload
	race "library renamed on $at" rename quietlib.so plugin.so $LOADER --preload {} "$LISTED/quiet"
	race "library by symbolic link on $at" symlink quietlib.so plugin.so $LOADER --preload {} "$LISTED/quiet"
	race "library whose inode is used again on $at" inode quietlib.so plugin.so $LOADER --preload {} "$LISTED/quiet"
	race "library with a writer on $at" held quietlib.so plugin.so $LOADER --preload {} "$LISTED/quiet"
	race "library with a writable mapping on $at" map quietlib.so plugin.so $LOADER --preload {} "$LISTED/quiet"
	race "library rewritten on $at" write quietlib.so plugin.so $LOADER --preload {} "$LISTED/quiet"
	for mode in rename inode write; do
		evil_same_size payload "$area/evil"
		round "" $mode "$LISTED/quiet" "$area/evil" "$rounds"
		if [ $mode = write ] && [ "$held" != bpf ]; then
			note "root's hash then write on $at: $ran of $rounds ran ($OUT)"
		else
			check "$([ "$ran" = 0 ] && [ $RC = 0 ]; echo $?)" "zero successes: root's $mode on $at ($OUT)" "$ran ran"
		fi
	done
done
