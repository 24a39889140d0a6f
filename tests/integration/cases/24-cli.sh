# SPDX-License-Identifier: MIT
# where: host
# guardctl on the command line: exit codes, filters, hostile names, who may ask
# what, a ledger that is verified while it is written.
. "$(dirname "$0")/../lib.sh"
start_guardd
set -- $AREAS
area=$1
chmod 755 "$area"
good payload "$area/good"
expect_allowed "listed" "$area/good"

# ---- usage ----------------------------------------------------------------------
ask() { try "$GUARDCTL" --socket "$SOCKET" "$@"; }
usage()
{
	try "$GUARDCTL" --socket "$SOCKET" "$@"
	check "$([ "$RC" = 2 ] && [ -n "$OUT" ]; echo $?)" "usage: guardctl $*" "$RC $OUT"
}
usage
usage nonsense
usage --nonsense status
usage status extra
usage events --since yesterday
usage events --since 2027-02-30T00:00:00Z
usage events --limit 0
usage events --limit many
usage events --user nobody-here
usage events --reason nonsense
usage events --denied --allowed
usage events --since 1h --until 2h
usage events extra
usage why --pid x
usage explain
usage explain a b
usage explain --kind nonsense /bin/ls
usage ledger
usage ledger repair
usage ledger verify --file "$SCRATCH"
for verb in status events why explain ledger reload policy scan doctor; do
	try "$GUARDCTL" help $verb
	check "$([ "$RC" = 0 ] && grep -qi example <<< "$OUT"; echo $?)" "help $verb shows an example" "$OUT"
done
try "$GUARDCTL" --version
check "$([ "$RC" = 0 ] && grep -q '^guardctl [0-9]' <<< "$OUT"; echo $?)" "--version" "$OUT"
try "$GUARDCTL" --socket "$SCRATCH/none" why
check "$([ "$RC" = 3 ]; echo $?)" "no daemon: exit 3" "$RC $OUT"

# ---- hostile names ----------------------------------------------------------------
newline=$area/$'line\nbreak'
escape=$area/$'esc\033[2J\033]0;x\007ape'
invalid=$area/$'in\377valid'
for name in "$newline" "$escape" "$invalid"; do
	evil payload "$name"
	try "$name"
done
wait_for 5 eval '[ "$(ctl --json events --denied | grep -c '"'"'"access"'"'"')" -ge 3 ]'
ask events --denied
check "$(! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' <<< "$OUT"; echo $?)" "events print no control character" "$(cat -v <<< "$OUT")"
check "$(iconv -f UTF-8 -t UTF-8 <<< "$OUT" > /dev/null 2>&1; echo $?)" "events print valid UTF-8"
check "$(grep -qF 'line\nbreak' <<< "$OUT"; echo $?)" "a newline is shown as \\n" "$OUT"
ask --json events --denied
check "$(GUARD_NAMES="$newline|$escape" $PYTHON -c '
import json, os, sys
events = [json.loads(line) for line in sys.stdin.buffer.read().decode("utf-8").splitlines()]
paths = [event["path"] for event in events]
keys = "id time source what action denied mode reason kind path program sha256 size pid ppid uid user loginuid rule policy_version count text".split()
assert all(set(keys) <= set(event) for event in events), "keys"
assert all(name in paths for name in os.environ["GUARD_NAMES"].split("|")), "names"
exact = [bytes.fromhex(event["path_hex"]) for event in events if "path_hex" in event]
assert any(path.endswith(b"in\xffvalid") for path in exact), "exact bytes"
' <<< "$OUT" > "$SCRATCH/log/names" 2>&1; echo $?)" "JSON gives the names exactly" "$(cat "$SCRATCH/log/names")"
ask why "$newline"
check "$([ "$RC" = 0 ] && grep -qF 'line\nbreak' <<< "$OUT"; echo $?)" "why about a file with a newline" "$OUT"
ask explain "$newline"
check "$([ "$RC" = 1 ] && grep -qF '/line\nbreak' <<< "$OUT" && ! grep -qF 'line\\n' <<< "$OUT"; echo $?)" "explain shows it as one \n, too" "$OUT"

# ---- filters -------------------------------------------------------------------------
count() { ctl --json events "$@" | wc -l; }
evil payload "$area/mine"
expect_denied "as another user" $AS_USER "$area/mine"
wait_for 5 eval '[ "$(count --denied --user 65534)" -ge 1 ]'
check $? "events --user" "$(events | tail -n 3)"
check "$([ "$(count --program "$area/mine")" -ge 1 ]; echo $?)" "events --program PATH"
check "$([ "$(count --program "$area/m?ne")" -ge 1 ]; echo $?)" "events --program GLOB"
check "$([ "$(count --program '/nowhere/*')" = 0 ]; echo $?)" "events --program that matches nothing"
check "$([ "$(count --limit 2)" = 2 ]; echo $?)" "events --limit"
check "$([ "$(count --since 1h)" -gt 3 ]; echo $?)" "events --since a span"
check "$([ "$(count --until 1h)" = 0 ]; echo $?)" "events --until a span"
check "$([ "$(count --since "$(date -u -d '-1 hour' +%Y-%m-%dT%H:%M:%SZ)")" -gt 3 ]; echo $?)" "events --since a time"
check "$([ "$(count --reason not-listed)" -ge 4 ]; echo $?)" "events --reason"
check "$([ "$(count --allowed --program "$area/evil*")" = 0 ]; echo $?)" "events --allowed"

# ---- who may ask what ---------------------------------------------------------------------
as_user() { try $AS_USER "$GUARDCTL" --socket "$SOCKET" "$@"; }
as_user --json events
check "$([ "$RC" = 0 ] && [ -n "$OUT" ] && ! grep -qv '"uid":65534' <<< "$OUT"; echo $?)" "a user sees only their own events" "$RC $OUT"
as_user events --user 0
check "$([ "$RC" = 1 ]; echo $?)" "another user's events are refused" "$RC $OUT"
as_user reload
check "$([ "$RC" = 1 ] && grep -qi root <<< "$OUT"; echo $?)" "a user may not reload" "$RC $OUT"
as_user why
check "$([ "$RC" = 0 ] && grep -qF "$area/mine" <<< "$OUT"; echo $?)" "why tells a user their own denial" "$RC $OUT"
as_user status
check "$([ "$RC" = 0 ]; echo $?)" "anybody may ask for the status" "$RC $OUT"
as_user ledger verify --file "$SCRATCH/state/ledger/ledger.db"
check "$([ "$RC" = 1 ] || [ "$RC" = 0 ]; echo $?)" "ledger verify without the right to read ends in order" "$RC $OUT"
ask reload
check "$([ "$RC" = 0 ]; echo $?)" "root may reload" "$RC $OUT"

# ---- follow ----------------------------------------------------------------------------------
"$GUARDCTL" --socket "$SOCKET" --json events --follow --denied --limit 1 > "$SCRATCH/log/follow" &
follower=$!
wait_for 5 test -s "$SCRATCH/log/follow"
evil payload "$area/followed"
expect_denied "while events are followed" "$area/followed"
wait_for 2 grep -qF "$area/followed" "$SCRATCH/log/follow"
check $? "a follower sees a denial" "$(tail -n 2 "$SCRATCH/log/follow")"
kill "$follower"

# ---- the ledger, while it is written ----------------------------------------------------------
is "ledger verify beside the running daemon" ctl ledger verify --file "$SCRATCH/state/ledger/ledger.db"
is "explain by an image alone" "$GUARDCTL" explain --image "$IMAGE" "$LISTED/payload"
try "$GUARDCTL" explain --image "$IMAGE" "$CONFIG"
check "$([ "$RC" = 1 ]; echo $?)" "explain by an image of an unlisted file" "$RC $OUT"
record=$(status_of record_pid)
kill -KILL "$record"
wait_for 5 eval '[ "$(status_of record_pid)" != "$record" ]'
evil payload "$area/after"
expect_denied "after record was killed" "$area/after"
wait_for 5 event_with "$area/after"
check $? "what happens after record was killed is recorded" "$(events | tail -n 3)"
is "the ledger verifies after record was killed" ctl ledger verify --file "$SCRATCH/state/ledger/ledger.db"
