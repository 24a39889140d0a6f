# SPDX-License-Identifier: MIT
# where: host
# The daemon is replaced, upgraded, orphaned, left and stopped: no verdict is
# wrong meanwhile, and nothing is left behind.
. "$(dirname "$0")/../lib.sh"
start_guardd
set -- $AREAS
area=$1
good payload "$area/good"
evil payload "$area/evil"
expect_allowed "at first" "$area/good"
expect_denied "at first" "$area/evil"

changed() { local now; now=$(status_of "$1") && [ -n "$now" ] && [ "$now" != "$2" ]; }
# understudy_of KEEPER: its child of that name.
understudy_of() { ps -o pid=,comm= --ppid "$1" | awk '$2 == "guardd-keeper2" { print $1 }'; }
# second_guardd: another one on the same run_dir; it takes over.
second_guardd()
{
	: > "$SCRATCH/log/ready"
	setsid "$GUARDD" --config "$CONFIG" --foreground > "$SCRATCH/log/ready" 2>> "$SCRATCH/log/guardd" < /dev/null &
	GUARDD_PID=$!
	wait_for 20 grep -qx ready "$SCRATCH/log/ready"
}
upgrade()
{
	local gate
	gate=$(status_of gate_pid) && kill -USR2 "$GUARDD_PID" && wait_for 20 changed gate_pid "$gate"
}
storm_begin()
{
	fresh_mark
	mark=$GUARD_MARK
	timeout 200 "$LISTED/storm" exec 4 "$1" "$area/evil" > "$SCRATCH/log/evil" &
	evil_storm=$!
	GUARD_MARK=/dev/null timeout 200 "$LISTED/storm" exec 4 "$1" "$area/good" > "$SCRATCH/log/good" &
	good_storm=$!
}
# storm_end COUNT NAME
storm_end()
{
	wait $evil_storm
	wait $good_storm
	check "$([ ! -e "$mark" ] && grep -q "refused $1 " "$SCRATCH/log/evil"; echo $?)" \
		"no unlisted program ran $2 ($(cat "$SCRATCH/log/evil"))"
	check "$(grep -q "good $1 " "$SCRATCH/log/good"; echo $?)" "each listed one ran $2 ($(cat "$SCRATCH/log/good"))"
}

# ---- another daemon, and the program's next version, under load ----------------
storm_begin 600
taken=0
upgraded=0
while kill -0 $good_storm 2> /dev/null && [ $taken -lt 12 ]; do
	old=$GUARDD_PID
	second_guardd && wait_for 5 eval "! kill -0 $old" && taken=$((taken + 1))
	upgrade && upgraded=$((upgraded + 1))
done
storm_end 2400 "during $taken takeovers and $upgraded upgrades"
check "$([ $taken -gt 0 ] && [ $upgraded = $taken ]; echo $?)" "each takeover and upgrade worked ($taken, $upgraded)"
check "$([ "$(grep -cx ready "$SCRATCH/log/ready")" = 1 ]; echo $?)" "ready is said once" "$(cat "$SCRATCH/log/ready")"
is "the ledger holds after all of them" "$GUARDCTL" ledger verify --file "$(find "$SCRATCH/state" -name '*.db' | head -n 1)"

# ---- deaths -----------------------------------------------------------------------
keeper=$(status_of keeper_pid)
understudy=$(understudy_of "$keeper")
kill -KILL "$understudy"
wait_for 5 eval '[ -n "$(understudy_of "$keeper")" ] && [ "$(understudy_of "$keeper")" != "$understudy" ]'
check $? "a killed understudy is replaced"

storm_begin 200
for round in 1 2 3 4 5; do
	keeper=$(status_of keeper_pid)
	kill -KILL "$keeper" "$(status_of gate_pid)"
	wait_for 10 changed keeper_pid "$keeper"
	check $? "the understudy replaces keeper and gate ($round)"
done
storm_end 800 "while keeper and gate were killed together"

# keeper and understudy: the gate is alone, and goes on.
keeper=$(status_of keeper_pid)
gate=$(status_of gate_pid)
kill -KILL "$(understudy_of "$keeper")" "$keeper"
expect_denied "by a gate that is alone" "$area/evil"
expect_allowed "by a gate that is alone" "$area/good"
second_guardd
check $? "a new daemon takes over from a gate that is alone" "$(tail -n 5 "$SCRATCH/log/guardd")"
check "$([ "$(status_of gate_pid)" != "$gate" ]; echo $?)" "its own gate is in force"
expect_denied "after it took over" "$area/evil"
expect_allowed "after it took over" "$area/good"

# A gate that lives and does not work.
gate=$(status_of gate_pid)
kill -STOP "$gate"
TRY_SECONDS=20 expect_denied "while the gate is stopped, late" "$area/evil"
check "$([ "$(status_of gate_pid)" != "$gate" ]; echo $?)" "a gate that does not read is replaced"
expect_allowed "after a gate had hung" "$area/good"

# ---- leaving ------------------------------------------------------------------------
gate=$(status_of gate_pid)
kill -USR1 "$GUARDD_PID"
wait_for 10 eval "! kill -0 $GUARDD_PID"
check $? "a keeper that is told to leave leaves"
check "$(kill -0 "$gate"; echo $?)" "its gate stays"
expect_denied "while there is only the gate" "$area/evil"
expect_allowed "while there is only the gate" "$area/good"
second_guardd
check $? "the next daemon takes over"

# ---- upgrades that fail ---------------------------------------------------------------
cp "$CONFIG" "$SCRATCH/etc/sound.conf"
echo 'surprise = 1;' >> "$CONFIG"
keeper=$(status_of keeper_pid)
kill -USR2 "$GUARDD_PID"
wait_for 10 changed keeper_pid "$keeper"
check $? "when the new version does not start, the understudy goes on with the old one"
cp "$SCRATCH/etc/sound.conf" "$CONFIG"
GUARDD_PID=$(status_of keeper_pid)
expect_denied "after a failed upgrade" "$area/evil"
expect_allowed "after a failed upgrade" "$area/good"
echo 'surprise = 1;' >> "$CONFIG"
try "$GUARDD" --config "$CONFIG" --foreground
check "$([ "$RC" = 1 ]; echo $?)" "a second daemon with a bad configuration refuses" "$RC $OUT"
cp "$SCRATCH/etc/sound.conf" "$CONFIG"
check "$([ "$(status_of keeper_pid)" = "$GUARDD_PID" ]; echo $?)" "and disturbs nobody"

# ---- the policy file is damaged while the daemon is down ------------------------------
stop_guardd
check $? "the daemon stops in order"
check "$([ ! -e "$SOCKET" ] && [ ! -e "$SCRATCH/run/takeover.sock" ]; echo $?)" "no socket is left" "$(ls "$SCRATCH/run")"
try "$area/evil"
check "$(has_mark; echo $?)" "after the stop everything runs"
cp "$IMAGE" "$SCRATCH/etc/sound.img"
# As the service manager starts it: in the background, no `ready` line.
launch_service()
{
	setsid "$GUARDD" --config "$CONFIG" > /dev/null 2>> "$SCRATCH/log/guardd" < /dev/null &
	GUARDD_PID=$!
	wait_for 20 ctl status
}
for bad in text gone writable; do
	case $bad in
	text) echo nonsense > "$IMAGE" ;;
	gone) rm "$IMAGE" ;;
	writable) cp "$SCRATCH/etc/sound.img" "$IMAGE"; chmod 666 "$IMAGE" ;;
	esac
	TRY_SECONDS=10 try "$GUARDD" --config "$CONFIG" --foreground
	check "$([ "$RC" = 1 ] && [ "$(wc -l <<< "$OUT")" = 1 ]; echo $?)" "in the foreground it does not start when the file is $bad" "$RC $OUT"
	launch_service
	check $? "the service starts with the last accepted policy when the file is $bad"
	has_problem() { [ -n "$(status_of problem)" ]; }
	wait_for 10 has_problem
	check $? "and says so: $(status_of problem | sed "s|$SCRATCH||g")"
	expect_denied "when the file is $bad" "$area/evil"
	expect_allowed "when the file is $bad" "$area/good"
	stop_guardd
	rm -f "$IMAGE"
	cp "$SCRATCH/etc/sound.img" "$IMAGE"
done

# ---- an older policy -----------------------------------------------------------------
version() { sed "s/version = [0-9]*;/version = $1;/" "$SCRATCH/etc/policy.conf" > "$SCRATCH/etc/v.conf" && "$GUARDCTL" policy build "$SCRATCH/etc/v.conf" --output "$IMAGE" > "$SCRATCH/log/build" 2>&1; }
version 30 && launch_guardd && stop_guardd
version 29
try "$GUARDD" --config "$CONFIG" --check
check "$([ "$RC" = 1 ] && grep -q 'version 29' <<< "$OUT" && grep -q 'version 30' <<< "$OUT"; echo $?)" \
	"an older policy is refused" "$RC $OUT"
launch_service
check "$([ "$(status_of policy_version)" = 30 ]; echo $?)" "the newer stays in force" "$(ctl status)"
stop_guardd
check $? "the daemon stops at the end"

# ---- a policy that would lock the machine out -------------------------------------------
rm -rf "$SCRATCH/state"
sed -i 's/^protect = .*/protect = { filesystems = "all"; };/' "$CONFIG"
try "$GUARDD" --config "$CONFIG" --check
check "$([ "$RC" = 1 ] && grep -q 'lock this machine out' <<< "$OUT"; echo $?)" \
	"a policy without the shell and the package manager is refused for a whole machine" "$RC $OUT"
sed 's/mode = "enforce"/mode = "audit"/' "$SCRATCH/etc/v.conf" > "$SCRATCH/etc/audit.conf"
"$GUARDCTL" policy build "$SCRATCH/etc/audit.conf" --output "$IMAGE" > "$SCRATCH/log/build" 2>&1
is "the same in mode audit is taken" "$GUARDD" --config "$CONFIG" --check
