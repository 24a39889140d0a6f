# SPDX-License-Identifier: MIT
# where: host guest
# Any process of the daemon is killed: nothing unlisted runs meanwhile, and the
# listed run again within a second.
. "$(dirname "$0")/../lib.sh"
start_guardd
set -- $AREAS
area=$1
limit=1000 per=200 rounds=5 # milliseconds; starts by each of eight processes
[ "$GUARD_WHERE" = host ] || limit=6000 per=40 rounds=1 # the guest's processor is emulated
good payload "$area/good"
evil payload "$area/evil"
evil plugin.so "$area/evil.so"
good quiet "$area/quiet"
expect_allowed "before" "$area/good"
expect_denied "before" "$area/evil"

for role in gate record control; do
	for round in $(seq $rounds); do
		pid=$(status_of ${role}_pid)
		if [ -z "$pid" ]; then
			fail "$role has a process"
			continue
		fi
		kill -KILL "$pid"
		expect_denied "right after $role was killed ($round)" "$area/evil"
		begin=$(date +%s%N)
		expect_allowed "after $role was killed ($round)" "$area/good"
		took=$((($(date +%s%N) - begin) / 1000000))
		check "$([ $took -lt $limit ]; echo $?)" "within a second after $role was killed ($round)" "$took ms"
		wait_for 3 eval "[ \"\$(status_of ${role}_pid)\" != $pid ]"
		check $? "a new $role is there ($round)"
	done
done

# While the gate is killed over and over, both kinds are started in tight loops.
fresh_mark
mark=$GUARD_MARK
timeout 120 "$LISTED/storm" exec 8 $per "$area/evil" > "$SCRATCH/log/evil" &
evil_storm=$!
GUARD_MARK=/dev/null timeout 120 "$LISTED/storm" exec 8 $per "$area/good" > "$SCRATCH/log/good" &
good_storm=$!
for round in $(seq 30); do
	pid=$(status_of gate_pid) && kill -KILL "$pid" 2> /dev/null
done
wait $evil_storm
check $? "the unlisted storm ends" "$(cat "$SCRATCH/log/evil")"
wait $good_storm
check $? "the listed storm ends" "$(cat "$SCRATCH/log/good")"
check "$([ ! -e "$mark" ]; echo $?)" "no unlisted program ran while the gate was killed 30 times ($(cat "$SCRATCH/log/evil"))"
check "$(grep -q "good $((8 * per)) " "$SCRATCH/log/good"; echo $?)" "each listed program ran ($(cat "$SCRATCH/log/good"))"

# The parent of all.
pid=$(status_of keeper_pid)
kill -KILL "$pid"
expect_denied "right after the keeper was killed" "$area/evil"
expect_no_trace "library after the keeper was killed" env LD_PRELOAD="$area/evil.so" "$area/quiet"
expect_allowed "after the keeper was killed" "$area/good"
wait_for 5 eval "[ -n \"\$(status_of keeper_pid)\" ] && [ \"\$(status_of keeper_pid)\" != $pid ]"
check $? "a new keeper is there" "$(ctl status 2>&1)"
expect_denied "after the keeper is back" "$area/evil"
expect_allowed "after the keeper is back" "$area/good"

is "the daemon answers at the end" ctl status
