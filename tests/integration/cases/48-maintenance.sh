# SPDX-License-Identifier: MIT
# where: host
# Why: where guard protects itself the legitimate way in is a maintenance, signed by
# headquarters or given by phone; it is bounded, for root alone, recorded, each grant
# once, and no verdict changes by it.  The kernel's side is tests/vm/maintenance.py;
# here the daemon refuses what it is asked politely.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../repository.sh"
set -- $AREAS
area=$1
chmod 755 "$area"
company=$SCRATCH/acme48
desk=$SCRATCH/desk-48
WEB=$company/published
case_over() { cd / && stop_server; kill_guardd; case_end; }
trap case_over EXIT
hq() { try "$GUARDCTL" "$@"; check "$([ "$RC" = 0 ]; echo $?)" "guardctl $1 ${2:-}" "$* -> $RC $OUT"; }
field() { "$PYTHON" -c 'import json, sys; print(json.loads(sys.stdin.readline())[sys.argv[1]])' "$1"; }
maintenance() { timeout 30 "$GUARDCTL" --socket "$SOCKET" maintenance "$@"; }
says() # WORD COMMAND...: refused with that in its sentence
{
	local word=$1
	shift
	OUT=$("$@" 2>&1 < /dev/null)
	RC=$?
	[ "$RC" = 1 ] && grep -qF -e "$word" <<< "$OUT"
}
is_open() { [ "$(ctl --json maintenance | head -n 1 | field seconds)" -gt 0 ]; }
is_closed() { ! is_open; }
published()
{
	"$GUARDCTL" repo publish --key keys/hq --key keys/online > "$SCRATCH/log/publish" 2>&1 || return
	ctl reload > "$SCRATCH/log/reload" 2>&1 || true # also without a daemon
}
has_grant() { maintenance 2> /dev/null | grep -qF "$1"; }
lacks_grant() { ! has_grant "$1"; }

# ---- headquarters, its help desk, one machine ---------------------------------------------
rm -rf "$SCRATCH/state" "$SCRATCH/run"
mkdir -p "$company/keys" "$desk/sets" "$HQ" && cd "$company" || exit 1
for key in root-1 root-2 root-3 hq online osaka; do "$GUARDCTL" keys new keys/$key --unattended > /dev/null; done
"$GUARDCTL" repo init > /dev/null 2>&1
sed -i -e 's|sources = \[ "hq.conf" \]|sources = [ "hq.conf", "listed.conf" ]|' repo.conf
try "$GUARDCTL" repo init --key keys/root-1 --key keys/root-3
print=$(grep -oE '([0-9A-Z]{4}-){4}[0-9A-Z]{4}' <<< "$OUT")
"$GUARDCTL" scan "$LISTED" --fragment --output listed.conf > "$SCRATCH/log/scan" 2>&1
policy_version=0
policy() # LONGEST PHONE
{
	policy_version=$((policy_version + 1))
	printf 'policy = { id = "acme"; version = %s; mode = "enforce"; maintenance = { longest = "%s"; }; unlock = { file = "10m"; %s }; };\n' \
		"$policy_version" "$1" "${2:+maintenance = \"$2\";}" > hq.conf
}
policy 10m 5m
hq repo delegate osaka --key keys/osaka.pub --hosts '*' --type desktop
make_certificates
published || fail "a first publication" "$(cat "$SCRATCH/log/publish")"
start_server || { fail "the repository is served"; exit 1; }
echo "correct horse" > "$desk/pass"
chmod 600 "$desk/pass"
"$GUARDCTL" helpdesk key --key "$desk/key" --passphrase-file "$desk/pass" > /dev/null
"$GUARDCTL" helpdesk verifiers --key "$desk/key" --passphrase-file "$desk/pass" --output "$desk/sets" pc-1 > /dev/null
install -D -m 600 "$desk/sets/pc-1.verifiers" "$SCRATCH/etc/verifiers"
bend_daemon
make_policy enforce "$LISTED"
write_config "unlock = { verifiers = \"$SCRATCH/etc/verifiers\"; };" 'machine = { host = "pc-1"; };'
sed -i 's/"fanotify"/"auto"/' "$CONFIG"
launch_guardd || { fail "the daemon starts"; exit 1; }
try timeout 100 "$GUARDCTL" --socket "$SOCKET" enroll "$URL" --office osaka --ca "$HQ/ca.pem" --config "$CONFIG" --interval 1 --fingerprint "$print"
check "$RC" "enrolled" "$OUT"
is "without protection nothing needs a maintenance" maintenance check
stop_guardd
echo 'self_protection = true;' >> "$CONFIG"
launch_guardd || { fail "the daemon starts, protected"; exit 1; }
wait_for 20 is_state ok
evil payload "$area/tool"

# ---- none is open ----------------------------------------------------------------------------
is "check says no, and how to ask" says 'guardctl maintenance' maintenance check
is "headquarters signed none" says 'signed no maintenance' maintenance begin --reason test
keeper=$(ctl --json status | field keeper_pid)
kill -TERM "$keeper"
is "a polite end is refused, and recorded" wait_for 10 event_with 'was refused to stop or replace guardd by signal 15'
kill -USR1 "$keeper"
is "leaving too" wait_for 10 event_with 'was refused to stop or replace guardd by signal 10'
is "it goes on" ctl status

# ---- signed by headquarters ---------------------------------------------------------------------
is "a grant that is too long is not written" eval '! "$GUARDCTL" maintenance grant --office osaka --hosts "pc-*" --id long --until 2d --for 25h --reason x'
is "a grant without an end is not written" eval '! "$GUARDCTL" maintenance grant --office osaka --hosts "pc-*" --id endless --reason x'
hq maintenance grant --office osaka --hosts 'pc-*' --id upgrade-1 --until 2d --for 2h --reason 'guard 1.2'
hq maintenance grant --office osaka --hosts 'other-*' --id elsewhere --until 2d --reason 'not here'
hq maintenance grant --office osaka --hosts 'pc-*' --id later --from 1d --until 2d --reason 'not yet'
is "what is not published does not reach the machine" lacks_grant upgrade-1
published || fail "publish" "$(cat "$SCRATCH/log/publish")"
is "it arrives" wait_for 20 has_grant upgrade-1
is "that of other machines does not" lacks_grant elsewhere
is "it is not open by that" is_closed
is "a user cannot begin it" says "root's" $AS_USER "$GUARDCTL" --socket "$SOCKET" maintenance begin --reason test
is "one whose time has not come" says 'does not hold now' maintenance begin later --reason test
is "one that nobody signed" says 'signed no maintenance of that name' maintenance begin elsewhere --reason test
is "root begins it" maintenance begin --reason 'guard 1.2'
wait_for 5 is_open
left=$(ctl --json maintenance | head -n 1 | field seconds)
check "$([ "$left" -gt 500 ] && [ "$left" -le 600 ]; echo $?)" "no longer than the policy allows" "$left s"
is "check agrees" maintenance check
is "status says until when" eval 'ctl status | grep -q "OPEN until"'
is "it is recorded, with who signed it" event_with 'signed by headquarters (upgrade-1)' 'guard 1.2'
expect_denied "what is not listed, in a maintenance" $AS_USER "$area/tool"
bend 0 601
is "it ends by itself" wait_for 10 is_closed
is "which is recorded" wait_for 5 event_with '(maintenance) for root is over: its time has passed'
is "once only" says 'was begun before' maintenance begin upgrade-1 --reason again

# ---- withdrawn, ended early ------------------------------------------------------------------------
try "$GUARDCTL" maintenance grant --office osaka --machine short --id never --until 2d --reason 'no key at all'
check "$([ "$RC" = 2 ] && grep -q 'machine' <<< "$OUT"; echo $?)" "a machine's id that is none is not written" "$RC $OUT"
hq maintenance grant --office osaka --hosts 'pc-*' --id upgrade-2 --until 2d --reason two
hq maintenance grant --office osaka --hosts 'pc-*' --id upgrade-3 --until 2d --reason three
published && wait_for 20 has_grant upgrade-3
is "another is begun" maintenance begin upgrade-2 --reason two
is "and ended early" eval 'wait_for 5 is_open && maintenance end && wait_for 5 is_closed'
is "a third" maintenance begin upgrade-3 --reason three
wait_for 5 is_open
hq maintenance withdraw upgrade-3 --office osaka
published && wait_for 20 lacks_grant upgrade-3
is "is over when headquarters takes it back" wait_for 10 is_closed

# ---- by phone ---------------------------------------------------------------------------------------
is "a user's request is refused" says "root's" $AS_USER "$GUARDCTL" --socket "$SOCKET" request --scope maintenance --reason x
number=$(ctl --json request --scope maintenance --reason 'no network' | field number)
answer() # KEY
{
	"$GUARDCTL" --json answer --key "$1" --passphrase-file "$desk/pass" --machine pc-1 --user root --number "$number" \
		--reason test --ticket T-1 --operator sato
}
"$GUARDCTL" helpdesk operator --key "$desk/key" --passphrase-file "$desk/pass" --new-passphrase-file "$desk/pass" \
	--scopes file,day,install,audit --output "$desk/small" > "$SCRATCH/log/operator" 2>&1
OUT=$(answer "$desk/small" 2>&1)
RC=$?
check "$([ "$RC" = 1 ]; echo $?)" "an operator without that scope cannot give it" "$RC $OUT"
code=$(answer "$desk/key" | field answer)
is "the code opens it" eval 'ctl unlock "$code" | grep -q "may stop, upgrade or remove guard" && wait_for 5 is_open'
expect_denied "what is not listed, in one by phone" $AS_USER "$area/tool"
is "the code works once" says 'nothing is asked for' ctl unlock "$code"
policy 10m ''
published && wait_for 20 eval '[ "$(ctl --json status | field policy_version)" = 2 ]'
is "a policy that does not offer it any more ends it" wait_for 10 is_closed
is "and it cannot be asked for" says 'does not offer' ctl request --scope maintenance --reason x

# ---- under it the daemon ends ---------------------------------------------------------------------------
hq maintenance grant --office osaka --hosts 'pc-*' --id last --until 2d --reason last
published && wait_for 20 has_grant last
maintenance begin last --reason end > /dev/null && wait_for 5 is_open
keeper=$(ctl --json status | field keeper_pid)
kill -USR1 "$keeper"
is "the keeper leaves, the gate stays" wait_for 10 eval '! grep -q "^State:.[^Z]" "/proc/$keeper/status" 2> /dev/null'
expect_denied "meanwhile" $AS_USER "$area/tool"
launch_guardd || fail "the next daemon takes over"
is "which knows of the maintenance" wait_for 10 is_open
stop_guardd
check $? "and ends when it is told to, in order"
