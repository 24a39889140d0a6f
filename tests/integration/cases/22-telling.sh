# SPDX-License-Identifier: MIT
# where: host guest
# Why: the person who was denied reads what happened and what to do.
. "$(dirname "$0")/../lib.sh"
start_guardd
set -- $AREAS
area=$1
chmod 755 "$area"
good payload "$area/good"
evil payload "$area/evil"
expect_allowed "listed" "$area/good"
expect_denied "unlisted" "$area/evil"
wait_for 2 event_with "$area/evil"
check $? "the denial is in events within two seconds" "$(events | tail -n 3)"
try $CTL why
check "$(grep -qF "$area/evil" <<< "$OUT"; echo $?)" "why names the file" "$OUT"
check "$(grep -qE 'no rule|not list|lists it' <<< "$OUT"; echo $?)" "why names the reason" "$OUT"
expect_denied "unlisted, as another user" $AS_USER "$area/evil"
wait_for 2 $AS_USER "$GUARDCTL" --socket "$SOCKET" why
try $AS_USER "$GUARDCTL" --socket "$SOCKET" why
check "$(grep -qF "$area/evil" <<< "$OUT"; echo $?)" "why works for any user" "$OUT"
try $CTL explain "$area/evil"
check "$([ "$RC" = 1 ]; echo $?)" "explain ends with 1 for an unlisted file" "$RC $OUT"
try $CTL explain "$area/good"
check "$([ "$RC" = 0 ]; echo $?)" "explain ends with 0 for a listed file" "$RC $OUT"
try $CTL status
check "$(grep -qi enforc <<< "$OUT"; echo $?)" "status says that it enforces" "$OUT"
try $CTL --json status
check "$($PYTHON -c 'import json, sys; json.load(sys.stdin)' <<< "$OUT" 2> /dev/null; echo $?)" "status as JSON" "$OUT"
set -f # the filters are split, not expanded
for filter in "--denied" "--allowed" "--since 1h" "--user 65534" "--program */ev*l" "--limit 1"; do
	set -f   # the pattern is for guardctl
	is "events $filter" ctl events $filter
	set +f
done
set +f
# What was found running when the daemon came was not denied any more, but would be.
is "events --denied shows only denials" sh -c "'$GUARDCTL' --socket '$SOCKET' --json events --denied |
	$PYTHON -c 'import json, sys; lines = [json.loads(l) for l in sys.stdin]; odd = [l for l in lines if l[\"action\"] != \"deny\"]; sys.exit(str(odd[:3]) if odd or not lines else 0)'"
