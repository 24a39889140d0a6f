# SPDX-License-Identifier: MIT
# where: host
# Why: unlock by phone from one end to the other: blocked, asked, answered,
# unlocked, run, over, blocked again, reviewed; and what must not work.  The help
# desk runs in a network namespace of its own, the machine in another: all that
# passes between them is digits.
. "$(dirname "$0")/../lib.sh"
set -- $AREAS
area=$1
chmod 755 "$area"
desk=$SCRATCH/desk
mkdir -p "$desk/sets"
echo "correct horse" > "$desk/pass"
chmod 600 "$desk/pass"
AT_DESK='unshare --net'
UID_USER=65534
U="$AS_USER $GUARDCTL --socket $SOCKET"

field() { "$PYTHON" -c 'import json, sys; print(json.loads(sys.stdin.readline())[sys.argv[1]])' "$1"; }
helpdesk() { $AT_DESK "$GUARDCTL" helpdesk "$1" --key "$desk/key" --passphrase-file "$desk/pass" "${@:2}"; }
answer_for() # NUMBER [OPTION...]
{
	$AT_DESK "$GUARDCTL" --json answer --key "$desk/key" --passphrase-file "$desk/pass" --machine PC-1.osaka \
		--user nobody --number "$1" --reason test --ticket T-1 --operator sato "${@:2}" | field answer
}
request() { $U --json request "$1" --reason "invoice" "${@:2}" | field number; }
unlocked() { $U --json unlock "$1" | field id; }
# policy LENGTHS [RULES]: what scan lists, with an unlock block.
policy()
{
	version=$((${version:-1} + 1))
	"$GUARDCTL" scan "$LISTED" --mode enforce --id test --output "$SCRATCH/etc/policy.conf" > "$SCRATCH/log/scan" 2>&1
	"$PYTHON" - "$SCRATCH/etc/policy.conf" "$1" "$version" "${2:-}" <<- 'END'
		import re, sys
		path, lengths, version, digest = sys.argv[1:]
		text = open(path).read()
		text = re.sub(r'version = \d+;', f'version = {version}; help = {{ phone = "03-1234"; }}; unlock = {{ {lengths} }};', text, count=1)
		if digest:
		    text = text.replace('groups = (', 'groups = ( { name = "bad"; rules = ( { action = "deny"; sha256 = [ "%s" ]; } ); },' % digest, 1)
		open(path, 'w').write(text)
	END
	"$GUARDCTL" policy build "$SCRATCH/etc/policy.conf" --output "$IMAGE" > "$SCRATCH/log/build" 2>&1
}

# ---- set up ---------------------------------------------------------------------
rm -rf "$SCRATCH/state" "$SCRATCH/run"
mkdir -p "$SCRATCH/etc"
is "the help desk makes a key" helpdesk key
is "and verifiers for two machines" helpdesk verifiers --output "$desk/sets" pc-1.osaka pc-2.osaka
install -m 600 "$desk/sets/pc-1.osaka.verifiers" "$SCRATCH/etc/verifiers"
policy 'file = "10m"; day = "4s"; install = "5m"; audit = "5m";' || fail "policy" "$(cat "$SCRATCH/log/build")"
write_config "unlock = { verifiers = \"$SCRATCH/etc/verifiers\"; };" 'machine = { host = "pc-1.osaka"; };'
launch_guardd || { fail "the daemon starts"; exit 1; }

# ---- blocked, asked, answered, unlocked, run ---------------------------------------
evil payload "$area/tool"
evil payload "$area/other"
expect_denied "before" $AS_USER "$area/tool"
number=$(request "$area/tool")
check "$([ "$(tr -cd 0-9 <<< "$number" | wc -c)" = 30 ]; echo $?)" "a request number of 30 digits" "$number"
is "the same when asked again" [ "$(request "$area/tool")" = "$number" ]
try $U request "$area/tool" --reason invoice
check "$(grep -q 'seven\|zero\|one' <<< "$OUT" && grep -q '03-1234' <<< "$OUT" && grep -q pc-1.osaka <<< "$OUT"; echo $?)" \
	"the screen has readings, the phone number and the machine" "$OUT"
try env LC_ALL=C.UTF-8 LANGUAGE=ja GUARD_LOCALE_DIR="$GUARD_BUILD/po/locale" $U request "$area/tool" --reason invoice
check "$(grep -q 'ゼロ\|イチ\|ナナ' <<< "$OUT"; echo $?)" "and in Japanese" "$OUT"
code=$(answer_for "$number")
check "$([ "$(tr -cd 0-9 <<< "$code" | wc -c)" = 24 ]; echo $?)" "an answer code of 24 digits" "$code"
try $U unlock "${code:0:5}$(( (${code:5:1} + 1) % 10 ))${code:6}"
check "$(grep -q 'group 1' <<< "$OUT"; echo $?)" "an altered digit: the group is named" "$OUT"
wide=$("$PYTHON" -c 'import sys; print(sys.argv[1].translate({48 + i: 0xff10 + i for i in range(10)}))' "$code")
id=$(unlocked "$wide")
check "$([ "${id:-0}" -ge 1 ]; echo $?)" "unlocked, with full-width digits" "$id"
wait_for 5 $AS_USER "$area/tool"
expect_allowed "the file, for that user" $AS_USER "$area/tool"
expect_denied "another file" $AS_USER "$area/other"
expect_denied "the same file, another user" setpriv --reuid 65533 --regid 65533 --clear-groups "$area/tool"
try $U unlock "$code"
check "$(grep -q 'nothing is asked for' <<< "$OUT"; echo $?)" "the answer works once" "$OUT"
wait_for 5 event_with '"unlock"' "$area/tool"
check $? "the execution is recorded under the unlock"
try $U unlock end
expect_denied "after its end" $AS_USER "$area/tool"

# ---- it must be worthless elsewhere ------------------------------------------------
number=$(request "$area/tool")
other=$(request "$area/other")
try $AT_DESK "$GUARDCTL" answer --key "$desk/key" --passphrase-file "$desk/pass" --machine pc-2.osaka --user nobody \
	--number "$number" --reason x --ticket x --yes
check "$(grep -q 'do not belong together' <<< "$OUT"; echo $?)" "another machine's name is found out" "$OUT"
code=$(answer_for "$other")
try $U unlock --request "$number" "$code"
check "$(grep -q 'code is wrong' <<< "$OUT"; echo $?)" "another file's answer is wrong" "$OUT"
expect_denied "and unlocks nothing" $AS_USER "$area/tool"
right=$(answer_for "$number")
for try in 2 3 4 5; do $U unlock --request "$number" "$code" > /dev/null 2>&1; done
try $U unlock --request "$number" "$right"
check "$(grep -q 'locked\|wait' <<< "$OUT"; echo $?)" "the sixth try is not taken, though it is right" "$OUT"
expect_denied "after six tries" $AS_USER "$area/tool"

# ---- the daemon's death, and a state folder that is put back -------------------------
$U request --cancel > /dev/null 2>&1
stop_guardd
cp -a "$SCRATCH/state/unlock" "$SCRATCH/unlock.copy"
launch_guardd
try $U unlock --request "$number" "$right"
check "$(grep -q 'nothing is asked for\|wait' <<< "$OUT"; echo $?)" "counters and requests survive a restart" "$OUT"
$U request "$area/other" --reason again > /dev/null 2>&1
stop_guardd
rm -rf "$SCRATCH/state/unlock" && cp -a "$SCRATCH/unlock.copy" "$SCRATCH/state/unlock"
launch_guardd
wait_for 5 event_with unlock-restored
check $? "a state folder that was put back is detected"
try $U request "$area/tool" --reason again
check "$(grep -q 'put back' <<< "$OUT"; echo $?)" "and nothing is unlocked" "$OUT"
helpdesk verifiers --output "$desk/sets" pc-1.osaka
install -m 600 "$desk/sets/pc-1.osaka.verifiers" "$SCRATCH/etc/verifiers"
is "until the next epoch of verifiers comes" eval 'ctl reload && wait_for 5 request "$area/tool"'

# ---- expiry, by the boot clock ----------------------------------------------------------
number=$(request "$area/tool" --scope day)
evil sleeper "$area/long" 2> /dev/null || evil payload "$area/long"
unlocked "$(answer_for "$number")" > /dev/null
wait_for 5 $AS_USER "$area/tool"
expect_allowed "a short unlock" $AS_USER "$area/tool"
is "is over after its time" wait_for 15 eval '! $AS_USER "$area/tool"'
expect_denied "after expiry" $AS_USER "$area/tool"

# Over while no daemon ran: what began under it is ended all the same.
cp /bin/sleep "$area/nap" && printf x >> "$area/nap"
unlocked "$(answer_for "$(request "$area/nap" --scope day)")" > /dev/null
$AS_USER "$area/nap" 60 > /dev/null 2>&1 &
nap=$!
over=$(($(cut -d . -f 1 /proc/uptime) + 5))
wait_for 5 eval '[ "$(cat /proc/$nap/comm)" = nap ]'
stop_guardd
wait_for 20 eval '[ "$(cut -d . -f 1 /proc/uptime)" -ge $over ]'
kill -0 $nap
check $? "it runs on while no daemon does"
launch_guardd
is "and is ended by the next daemon" wait_for 10 eval '! kill -0 $nap'

# ---- headquarters' deny stands above -----------------------------------------------------
number=$(request "$area/other")
unlocked "$(answer_for "$number")" > /dev/null
wait_for 5 $AS_USER "$area/other"
expect_allowed "an unlocked file" $AS_USER "$area/other"
policy 'file = "10m"; audit = "5m";' "$(sha256sum "$area/other" | cut -d ' ' -f 1)" && ctl reload > /dev/null
check $? "a policy that denies it" "$(cat "$SCRATCH/log/build")"
expect_denied "which headquarters denies now" $AS_USER "$area/other"
try $U request "$area/other" --reason x
check "$(grep -q 'headquarters denies' <<< "$OUT"; echo $?)" "and nobody phones for that" "$OUT"
try $U request "$area/tool" --scope install --reason x
check "$(grep -q 'does not offer' <<< "$OUT"; echo $?)" "a scope that the policy does not offer" "$OUT"

# ---- reviewed, and both sides compared ---------------------------------------------------
try $U unlocks
check "$(grep -qF "$area/tool" <<< "$OUT"; echo $?)" "unlocks lists it" "$OUT"
try $U unlocks show "$id"
check "$(grep -qF "$area/tool" <<< "$OUT" && grep -q 'Run under it' <<< "$OUT"; echo $?)" "the review shows what ran" "$OUT"
is "the review as JSON" eval '$U --json unlocks show "$id" | $PYTHON -c "import json, sys; d = json.load(sys.stdin); assert d[\"ran\"] >= 1 and d[\"events\"]"'
$CTL --json unlocks > "$desk/unlocks"
is "both sides' records meet" $AT_DESK "$GUARDCTL" helpdesk compare --ledger "$desk/key.ledger" "$desk/unlocks"
head -n 2 "$desk/key.ledger" > "$desk/short.ledger"
try $AT_DESK "$GUARDCTL" helpdesk compare --ledger "$desk/short.ledger" "$desk/unlocks"
check "$([ $RC = 1 ] && grep -q ALERT <<< "$OUT"; echo $?)" "an answer that nobody gave is an alert" "$OUT"
compare() { try $AT_DESK "$GUARDCTL" "$@"; }
sed 's/"user":"nobody"/"user":"tanaka"/' "$desk/unlocks" > "$desk/unlocks.other"
compare helpdesk compare --ledger "$desk/key.ledger" "$desk/unlocks.other"
check "$([ $RC = 1 ] && grep -q 'ALERT: the answer to request' <<< "$OUT"; echo $?)" "another user's use is an alert" "$OUT"
sed 's/"opened":"20/"opened":"19/' "$desk/unlocks" > "$desk/unlocks.twice"
compare --json helpdesk compare --ledger "$desk/key.ledger" "$desk/unlocks" "$desk/unlocks.twice"
check "$([ $RC = 1 ] && grep -q '"finding":"used-twice","alert":true' <<< "$OUT"; echo $?)" "an answer used twice is an alert" "$OUT"
head -c 300 "$desk/unlocks" > "$desk/unlocks.cut"
compare helpdesk compare --ledger "$desk/key.ledger" "$desk/unlocks.cut"
check "$([ $RC = 1 ] && grep -q 'cut off' <<< "$OUT"; echo $?)" "a report that was cut off is no good one" "$OUT"
compare helpdesk compare --ledger "$desk/none.ledger" "$desk/unlocks"
check "$([ $RC = 1 ] && [ ! -e "$desk/none.ledger" ]; echo $?)" "a ledger that is not there is not begun" "$OUT"

# ---- a key file that a token opens -----------------------------------------------------------
module=$(find /usr/lib -name libsofthsm2.so 2> /dev/null | head -n 1)
if [ -n "$module" ]; then
	mkdir "$desk/tokens"
	echo "directories.tokendir = $desk/tokens" > "$desk/softhsm.conf"
	export SOFTHSM2_CONF=$desk/softhsm.conf
	install -m 600 /dev/stdin "$desk/pin" <<< 1234
	install -m 600 /dev/stdin "$desk/bad-pin" <<< 9999
	softhsm2-util --init-token --free --label desk --pin 1234 --so-pin 12345678 > /dev/null 2>&1
	for name in opens other; do
		openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$desk/$name.pem" 2> /dev/null
		softhsm2-util --import "$desk/$name.pem" --token desk --label $name --id $(printf %s $name | od -An -tx1 | tr -d ' \n') --pin 1234 > /dev/null 2>&1
	done
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$desk/ec.pem" 2> /dev/null
	softhsm2-util --import "$desk/ec.pem" --token desk --label curve --id 09 --pin 1234 > /dev/null 2>&1
	uri="pkcs11:token=desk;object=@?module-path=$module"
	by_token() # OBJECT PIN: answer with the operator's file that the token opens
	{
		try $AT_DESK "$GUARDCTL" --json answer --key "$desk/operator" --token "${uri/@/$1}" \
			--passphrase-file "$desk/$2" --ledger "$desk/key.ledger" --machine pc-1.osaka --user nobody \
			--number "$number" --reason test --ticket T-1 --operator sato
	}
	is "an operator's key under a token" helpdesk operator --scopes file --output "$desk/operator" \
		--new-token "${uri/@/opens}" --new-passphrase-file "$desk/pin"
	OUT=$(helpdesk operator --scopes file --output "$desk/curve" --new-token "${uri/@/curve}" --new-passphrase-file "$desk/pin" 2>&1)
	RC=$?
	check "$([ $RC = 1 ] && grep -q RSA <<< "$OUT" && [ ! -e "$desk/curve" ]; echo $?)" "not under one that signs anew each time" "$OUT"
	number=$(request "$area/tool")
	by_token opens bad-pin
	check "$([ $RC = 1 ] && grep -q 'PIN is wrong' <<< "$OUT"; echo $?)" "a wrong PIN" "$OUT"
	by_token other pin
	check "$([ $RC = 1 ] && grep -q 'another token' <<< "$OUT"; echo $?)" "another key of the token" "$OUT"
	by_token none pin
	check "$([ $RC = 1 ] && grep -q 'no such token' <<< "$OUT"; echo $?)" "a key that is not there" "$OUT"
	by_token opens pin
	unlocked "$(field answer <<< "$OUT")" > /dev/null
	check $? "the token answers a call" "$OUT"
	is "and the file runs" wait_for 5 $AS_USER "$area/tool"
	$U unlock end > /dev/null
else
	skip "a key file that a token opens" "no SoftHSM"
fi

is "a report" $U report "$area/tool" --reason "sent by mail"
wait_for 5 event_with '"reported"' "$area/tool"
check $? "is on record"
stop_guardd
check $? "the daemon ends"
