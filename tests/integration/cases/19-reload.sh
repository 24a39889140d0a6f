# SPDX-License-Identifier: MIT
# where: host
# A new policy: whole or not at all, at once, without a gap.
. "$(dirname "$0")/../lib.sh"
start_guardd
set -- $AREAS
area=$1
mkdir -p "$SCRATCH/more"
evil payload "$SCRATCH/more/extra"
cp "$SCRATCH/more/extra" "$area/extra"
good payload "$area/good"
expect_denied "before it is listed" "$area/extra"
cp "$IMAGE" "$SCRATCH/etc/first.img"

raise() { sed -i "s/version = [0-9]*;/version = $1;/" "$SCRATCH/etc/policy.conf"; }
rebuild() { raise "$1" && "$GUARDCTL" policy build "$SCRATCH/etc/policy.conf" --output "$IMAGE" > "$SCRATCH/log/build" 2>&1; }

make_policy enforce "$LISTED" "$SCRATCH/more" && rebuild 2
is "reload takes the new policy" ctl reload
expect_allowed "after it is listed" "$area/extra"
expect_allowed "what was listed before" "$area/good"
check "$([ "$(status_of policy_version)" = 2 ]; echo $?)" "status names the new version" "$(ctl status)"

# Any of its processes may be asked, for the kernel layer lets this signal pass: none ends.
for pid in $(guard_pids); do
	name=$(cat "/proc/$pid/comm" 2> /dev/null)
	case $name in guardd | *-gate | *-inspect | *-keeper2 | *-record | *-control | *-unlock) ;; *) continue ;; esac
	kill -HUP "$pid"
	expect_allowed "what is listed, after SIGHUP to $name" "$area/good"
	is "it has not ended" kill -0 "$pid"
done

# Taken off the list: also when it ran before and the kernel remembers.
for round in 1 2 3; do expect_allowed "cached by running ($round)" "$area/extra"; done
make_policy enforce "$LISTED" && rebuild 3
is "reload takes the shorter policy" ctl reload
expect_denied "after it was taken off the list" "$area/extra"
expect_allowed "what stays listed" "$area/good"

# Bad ones keep the old.
cp "$IMAGE" "$SCRATCH/etc/third.img"
for bad in empty cut flipped text older; do
	case $bad in
	empty) : > "$IMAGE" ;;
	cut) head -c 300 "$SCRATCH/etc/third.img" > "$IMAGE" ;;
	flipped) cp "$SCRATCH/etc/third.img" "$IMAGE"; printf '\377' | dd of="$IMAGE" bs=1 seek=400 conv=notrunc status=none ;;
	text) echo 'policy = { id = "x"; };' > "$IMAGE" ;;
	older) cp "$SCRATCH/etc/first.img" "$IMAGE" ;;
	esac
	try $CTL reload
	check "$([ "$RC" = 1 ] && [ -n "$OUT" ]; echo $?)" "a policy that is $bad is refused" "$RC: $OUT"
	note "says: $OUT"
	expect_allowed "listed, after a policy that is $bad" "$area/good"
	expect_denied "unlisted, after a policy that is $bad" "$area/extra"
	check "$([ "$(status_of policy_version)" = 3 ]; echo $?)" "the old policy stays after one that is $bad"
done
cp "$SCRATCH/etc/third.img" "$IMAGE"
chmod 666 "$IMAGE"
try $CTL reload
check "$([ "$RC" = 1 ]; echo $?)" "a policy that anybody can write is refused" "$RC: $OUT"
chmod 644 "$IMAGE"
chown 65534 "$IMAGE"
try $CTL reload
check "$([ "$RC" = 1 ]; echo $?)" "a policy that belongs to another user is refused" "$RC: $OUT"
chown 0 "$IMAGE"
try $AS_USER "$GUARDCTL" --socket "$SOCKET" reload
check "$([ "$RC" = 1 ]; echo $?)" "only root may reload" "$RC: $OUT"

# Reloads under load: no wrong verdict in either direction.
evil payload "$area/evil"
fresh_mark
mark=$GUARD_MARK
timeout 120 "$LISTED/storm" exec 4 300 "$area/evil" > "$SCRATCH/log/evil" &
evil_storm=$!
GUARD_MARK=/dev/null timeout 120 "$LISTED/storm" exec 4 300 "$area/good" > "$SCRATCH/log/good" &
good_storm=$!
version=10
while kill -0 $good_storm 2> /dev/null && [ $version -lt 40 ]; do
	version=$((version + 1))
	rebuild $version && ctl reload > /dev/null
done
wait $evil_storm $good_storm
check "$([ ! -e "$mark" ] && grep -q 'refused 1200' "$SCRATCH/log/evil"; echo $?)" \
	"no unlisted program ran during $((version - 10)) reloads ($(cat "$SCRATCH/log/evil"))"
check "$(grep -q 'good 1200' "$SCRATCH/log/good"; echo $?)" \
	"each listed one ran during the reloads ($(cat "$SCRATCH/log/good"))"

# SIGHUP is the same as reload.
rebuild 50
kill -HUP "$(status_of keeper_pid)"
wait_for 5 eval '[ "$(status_of policy_version)" = 50 ]'
check $? "SIGHUP reloads" "$(ctl status)"
