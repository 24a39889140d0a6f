# SPDX-License-Identifier: MIT
# where: host
# Why: a managed machine gets approvals and fresh one-time codes by the signed channel,
# and no clock that somebody moves makes an unlock longer, shorter or young again.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../repository.sh"
. "$(dirname "$0")/../desk.sh"
set -- $AREAS
area=$1
chmod 755 "$area"
mkdir -p "$HQ"

publish() { repo "target('targets', 'unlock/pc-1.sealed', '$DESK/sets/pc-1.sealed')" 'publish()'; }
snapshot() { "$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))["signed"]["meta"]["snapshot.json"]["version"])' "$WEB/metadata/timestamp.json"; }
follow() { ctl reload > /dev/null; wait_for 20 is_snapshot "$(snapshot)"; }

# ---- a managed machine ----------------------------------------------------------------
desk_open pc-1
make_certificates
"$GUARDCTL" scan "$LISTED" --mode enforce --id hq --output "$HQ/desktop.conf" > "$SCRATCH/log/scan" 2>&1
sed -i '0,/version = 1;/s//version = 1; unlock = { file = "10m"; day = "1h"; };/' "$HQ/desktop.conf"
"$GUARDCTL" policy build "$HQ/desktop.conf" --output "$HQ/desktop.img" > "$SCRATCH/log/build" 2>&1
printf '{"format":1,"machines":[{"groups":[],"host":"*","profile":"desktop"}],"office":"osaka","within":[]}' > "$HQ/osaka.json"
repo "target('targets', 'policy/desktop.img', '$HQ/desktop.img')" "target('targets', 'place/osaka.json', '$HQ/osaka.json')" \
	"r.delegate('targets', 'osaka', ['office/osaka/*', 'office/osaka/broad/*'], terminating=True)" "publish('osaka')" &&
	start_server || { fail "a repository is served" "$(cat "$HQ"/nginx/* "$SCRATCH"/log/build)"; exit 1; }
bend_daemon
make_policy enforce "$LISTED"
write_config "unlock = { verifiers = \"$SCRATCH/etc/verifiers\"; };" 'machine = { host = "pc-1"; };'
launch_guardd || { fail "the daemon starts"; exit 1; }
print=$(timeout 60 "$GUARDCTL" --socket "$SOCKET" enroll "$URL" --office osaka --ca "$HQ/ca.pem" --config "$CONFIG" --interval 1 2>&1 |
	grep -oE '([0-9A-Z]{4}-){4}[0-9A-Z]{4}' | head -n 1)
try timeout 100 "$GUARDCTL" --socket "$SOCKET" enroll "$URL" --office osaka --ca "$HQ/ca.pem" --config "$CONFIG" --interval 1 --fingerprint "$print"
check "$RC" "enrolled" "$OUT"
wait_for 20 is_state ok
evil payload "$area/tool"
evil payload "$area/other"

# ---- approved without a code -------------------------------------------------------------
number=$(request "$area/tool")
try $U unlock --online
check "$([ $RC = 1 ] && grep -q 'not approved' <<< "$OUT"; echo $?)" "nothing is approved before it is" "$OUT"
answer "$number" --online "$DESK/sets" > "$SCRATCH/log/answer" 2>&1
check "$?" "the help desk approves" "$(cat "$SCRATCH/log/answer")"
publish && follow
is "the approval arrives" wait_for 20 $U unlock --online
wait_for 5 $AS_USER "$area/tool"
expect_allowed "what was approved" $AS_USER "$area/tool"
expect_denied "another file" $AS_USER "$area/other"
$U unlock end > /dev/null
request "$area/tool" > /dev/null
try $U unlock --online
check "$([ $RC = 1 ] && grep -q 'not approved' <<< "$OUT"; echo $?)" "an approval is for one request" "$OUT"
$U request --cancel > /dev/null
is "the help desk's ledger has it" eval 'grep -q "$number" "$DESK/key.ledger"'

# ---- fresh codes -----------------------------------------------------------------------------
is "fresh verifiers, sealed" helpdesk verifiers --sealed --output "$DESK/sets" pc-1
publish && follow
is "arrive" wait_for 20 event_with 'Verifiers of epoch 2 came'
number=$(request "$area/other")
check "$([ "$(cut -c 3-4 <<< "$number")" = 02 ]; echo $?)" "requests are of the new epoch" "$number"
stop_guardd && stop_server && launch_guardd
number=$(request "$area/other")
check "$([ "$(cut -c 3-4 <<< "$number")" = 02 ]; echo $?)" "also when it starts offline" "$number"

# ---- the first set by the repository, too -------------------------------------------------------
start_server
"$GUARDCTL" --json repo seen "$HQ/nginx/access.log" > "$SCRATCH/seen.json"
sed 's/"host": *"pc-1"/"host":"pc-9"/' "$SCRATCH/seen.json" > "$SCRATCH/seen-9.json"
OUT=$(helpdesk verifiers --seen "$SCRATCH/seen-9.json" --output "$DESK/sets" pc-1 2>&1) RC=$?
refused "a machine that was not seen" "pc-1 was not seen"
OUT=$(helpdesk verifiers --seen "$DESK/pass" --output "$DESK/sets" 2>&1) RC=$?
refused "a list that is none" "no list of machines"
is "verifiers sealed for the machine's key" helpdesk verifiers --seen "$SCRATCH/seen.json" --output "$DESK/sets"
box() { repo "target('targets', 'unlock/pc-1.box', '$1')" 'publish()' && follow; }
sed 's/.....$/00000/' "$DESK/sets/pc-1.box" > "$SCRATCH/bent.box"
box "$SCRATCH/bent.box"
is "a box that was changed is refused, and said" wait_for 20 event_with 'is not sealed for this machine'
box "$DESK/sets/pc-1.box"
is "the box arrives" wait_for 20 event_with 'came for this machine, by the repository'
wait_for 20 is_state ok
epoch_of() { request "$area/other" | cut -c 3-4; }
is "requests are of its epoch" wait_for 20 eval '$U request --cancel > /dev/null 2>&1; [ "$(epoch_of)" = 03 ]'
check "$([ "$(stat -c '%a %u' "$SCRATCH/state/enrolment/verifiers")" = '600 0' ]; echo $?)" "and the set is root's alone"
sed -i 's|^unlock = .*|unlock = { verifiers = "/nowhere"; };|' "$CONFIG"
kill -USR2 "$(status_of keeper_pid)"
is "verifiers of one's own are refused" wait_for 20 event_with '"managed"' unlock.verifiers
$U request --cancel > /dev/null 2>&1
number=$(request "$area/other")
check "$([ "$(cut -c 3-4 <<< "$number")" = 03 ]; echo $?)" "those of the repository hold" "$number"
stop_server

# ---- clocks that are moved ---------------------------------------------------------------------
code=$(answer "$number" | field answer)
bend -31536000 0
is "the clock is put back by a year: the answer is taken" $U unlock "$code"
wait_for 5 $AS_USER "$area/other"
expect_allowed "with a clock put back" $AS_USER "$area/other"
bend 31536000 0
expect_allowed "with a clock put forward by a year" $AS_USER "$area/other"
bend 0 590
expect_allowed "shortly before its time" $AS_USER "$area/other"
bend 0 601
is "the time in suspend counts" wait_for 5 eval '! $AS_USER "$area/other"'
expect_denied "after its time, spent in suspend" $AS_USER "$area/other"
bend -31536000 601
expect_denied "when the clock is put back afterwards" $AS_USER "$area/other"
number=$(request "$area/other")
code=$(answer "$number" | field answer)
bend 0 1600
try $U unlock "$code"
check "$([ $RC = 1 ] && grep -q 'nothing is asked for' <<< "$OUT"; echo $?)" "a request is over after a quarter of an hour of suspend" "$OUT"
bend -31536000 1600
try $U unlock "$code"
check "$([ $RC = 1 ] && grep -q 'nothing is asked for' <<< "$OUT"; echo $?)" "also when the clock is put back" "$OUT"
stop_guardd
check $? "the daemon ends"
