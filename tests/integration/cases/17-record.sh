# SPDX-License-Identifier: MIT
# where: host guest
# The recorder hangs, is flooded, has no room: verdicts go on.
. "$(dirname "$0")/../lib.sh"
start_guardd
set -- $AREAS
area=$1
different=200
[ "$GUARD_WHERE" = host ] || different=40 # software emulation
good payload "$area/good"
evil payload "$area/evil"

record=$(status_of record_pid)
kill -STOP "$record"
begin=$SECONDS
fresh_mark
"$LISTED/storm" exec 8 100 "$area/evil" > /dev/null
check "$(! has_mark; echo $?)" "unlisted programs are refused while record is stopped"
for i in $(seq $different); do
	cp "$area/evil" "$area/evil.$i"
	"$area/evil.$i" 2> /dev/null
done
expect_allowed "while record is stopped" "$area/good"
expect_denied "while record is stopped" "$area/evil"
check "$([ $((SECONDS - begin)) -lt 60 ]; echo $?)" "nothing waits for record"
kill -CONT "$record"
evil payload "$area/later"
expect_denied "after record goes on" "$area/later"
wait_for 10 event_with "$area/later"
check $? "what happens later is recorded" "$(events | tail -n 3)"
wait_for 20 event_with "$area/evil"
check $? "what happened meanwhile is recorded or counted" "$(ctl status)"

# A flood of different denials.
for i in $(seq $((different * 5 / 2))); do
	"$area/evil.$((i % different + 1))" 2> /dev/null
done
expect_allowed "after a flood of denials" "$area/good"
is "status answers after a flood" ctl status

# From here on with a daemon of its own.
[ "$GUARD_WHERE" = host ] || exit 0

# No room left for the ledger.
stop_guardd
check $? "the daemon ends by SIGTERM" "$(tail -n 5 "$SCRATCH/log/guardd")"
mkdir -p "$SCRATCH/small"
mount -t tmpfs -o size=2M,mode=755 guard-small "$SCRATCH/small"
sed -i "s|^state_dir.*|state_dir = \"$SCRATCH/small/state\";|" "$CONFIG"
if launch_guardd; then
	head -c 4M /dev/zero > "$SCRATCH/small/full" 2> /dev/null
	for i in $(seq 50); do
		"$area/evil.$i" 2> /dev/null
	done
	expect_allowed "while the ledger's disk is full" "$area/good"
	expect_denied "while the ledger's disk is full" "$area/evil"
	is "status answers while the disk is full" ctl status
	rm -f "$SCRATCH/small/full"
	evil payload "$area/room"
	expect_denied "after there is room again" "$area/room"
	wait_for 20 event_with "$area/room"
	check $? "the ledger goes on when there is room again" "$(ctl status)"
else
	fail "the daemon starts with a small state folder"
fi
kill_guardd
unmount_kept "$SCRATCH/small"
