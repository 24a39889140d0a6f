# SPDX-License-Identifier: MIT
# where: host
# Why: what an answer code must not do: serve elsewhere, for another file or user,
# twice, after five wrong ones, on a state that was put back, against headquarters.
# Each is tried on a real daemon.  (The whole call, as people see it: 49.)
MACHINE=pc-1.osaka
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../desk.sh"
set -- $AREAS
area=$1
chmod 755 "$area"
AT_DESK='unshare --net'

# ---- set up ---------------------------------------------------------------------
desk_open pc-1.osaka pc-2.osaka
unlock_policy 'file = "10m"; day = "4s"; install = "5m"; audit = "5m";'
start_machine

# ---- one file, one user, once --------------------------------------------------------
evil payload "$area/tool"
evil payload "$area/other"
expect_denied "before" $AS_USER "$area/tool"
number=$(request "$area/tool")
check "$([ "$(tr -cd 0-9 <<< "$number" | wc -c)" = 30 ]; echo $?)" "a request number of 30 digits" "$number"
is "the same when asked again" [ "$(request "$area/tool")" = "$number" ]
code=$(answer_for "$number")
check "$([ "$(tr -cd 0-9 <<< "$code" | wc -c)" = 24 ]; echo $?)" "an answer code of 24 digits" "$code"
# Slips cost no try: each is said with its group.
digit=$(((${code:5:1} + 1) % 10))
for slip in "${code:0:5}$digit${code:6}=group 1" "${code:0:20}=group 4" "$code 123456=too many digits" \
	"${code:7:6} ${code:0:6} ${code:14}=another group's place" "$number=five groups" "${code:0:7}o${code:8}=group 2" \
	"${code:0:7}四五六七八九${code:13}=group 2"; do
	try $U unlock "${slip%=*}"
	refused "a slip: ${slip#*=}" "${slip#*=}" "No try was used up"
done
wide=$("$PYTHON" -c 'import sys; print(sys.argv[1].translate({48 + i: 0xff10 + i for i in range(10)}))' "$code")
id=$(unlocked "${wide// /－}")
check "$([ "${id:-0}" -ge 1 ]; echo $?)" "unlocked, with full-width digits and dashes" "$id"
wait_for 5 $AS_USER "$area/tool"
expect_allowed "the file, for that user" $AS_USER "$area/tool"
expect_denied "another file" $AS_USER "$area/other"
expect_denied "the same file, another user" setpriv --reuid 65533 --regid 65533 --clear-groups "$area/tool"
try $U unlock "$code"
refused "the answer works once" "nothing is asked for"
wait_for 5 event_with '"unlock"' "$area/tool"
check $? "the execution is recorded under the unlock"
try $U unlock end
expect_denied "after its end" $AS_USER "$area/tool"

# ---- it must be worthless elsewhere ------------------------------------------------
number=$(request "$area/tool")
other=$(request "$area/other")
try $AT_DESK "$GUARDCTL" answer --key "$DESK/key" --passphrase-file "$DESK/pass" --machine pc-2.osaka --user nobody \
	--number "$number" --reason x --ticket x --yes
refused "another machine's name is found out" "do not belong together"
code=$(answer_for "$other")
try $U unlock --request "$number" "$code"
refused "another file's answer is wrong" "code is wrong" "tries left: 4"
expect_denied "and unlocks nothing" $AS_USER "$area/tool"
# A code that is right, for a request of pc-2 by a user of the same name.
there=$("$GUARD_BUILD/tests/bench/bench_unlock" --number "$DESK/sets/pc-2.osaka.verifiers")
code=$(MACHINE=pc-2.osaka answer_for "$there")
try $U unlock --request "$number" "$code"
refused "another machine's answer is wrong" "code is wrong" "tries left: 3"
right=$(answer_for "$number")
for try in 3 4 5; do $U unlock --request "$number" "$code" > /dev/null 2>&1; done
try $U unlock --request "$number" "$right"
check "$([ "$RC" = 1 ] && grep -q 'locked\|wait' <<< "$OUT"; echo $?)" "the sixth try is not taken, though it is right" "$OUT"
expect_denied "after six tries" $AS_USER "$area/tool"

# ---- the daemon's death, and a state folder that is put back -------------------------
$U request --cancel > /dev/null 2>&1
stop_guardd
cp -a "$SCRATCH/state/unlock" "$SCRATCH/unlock.copy"
launch_guardd
try $U unlock --request "$number" "$right"
check "$([ "$RC" = 1 ] && grep -q 'nothing is asked for\|wait' <<< "$OUT"; echo $?)" "counters and requests survive a restart" "$OUT"
$U request "$area/other" --reason again > /dev/null 2>&1
stop_guardd
rm -rf "$SCRATCH/state/unlock" && cp -a "$SCRATCH/unlock.copy" "$SCRATCH/state/unlock"
launch_guardd
wait_for 5 event_with unlock-restored
check $? "a state folder that was put back is detected"
try $U request "$area/tool" --reason again
refused "and nothing is unlocked" "put back"
desk_issue pc-1.osaka
is "until the next epoch of verifiers comes" eval 'ctl reload && wait_for 5 request "$area/tool"'
try $U unlock --request "$number" "$right"
refused "an answer of an earlier epoch" "nothing is asked for"
request "$area/other" > /dev/null
try $U unlock "$right"
refused "two requests are open: nobody guesses for which the code is" "several of your requests" "No try was used up"
$U request --cancel > /dev/null

# ---- over while no daemon ran: what began under it is ended all the same -----------------
cp /bin/sleep "$area/nap" && printf x >> "$area/nap"
unlocked "$(answer_for "$(request "$area/nap" --scope day)")" > /dev/null
$AS_USER "$area/nap" 60 > /dev/null 2>&1 &
nap=$!
over=$(($(cut -d . -f 1 /proc/uptime) + 5))
wait_for 5 eval '[ "$(cat /proc/$nap/comm)" = nap ]'
stop_guardd

# ---- meanwhile, a key file that a token opens ---------------------------------------------
module=$(find /usr/lib -name libsofthsm2.so 2> /dev/null | head -n 1)
uri="pkcs11:token=desk;object=@?module-path=$module"
by_token() # OBJECT PIN: answer with the operator's file that the token opens
{
	try $AT_DESK "$GUARDCTL" --json answer --key "$DESK/operator" --token "${uri/@/$1}" \
		--passphrase-file "$DESK/$2" --ledger "$DESK/key.ledger" --machine pc-1.osaka --user nobody \
		--number "$number" --reason test --ticket T-1 --operator sato
}
make_token()
{
	mkdir "$DESK/tokens"
	echo "directories.tokendir = $DESK/tokens" > "$DESK/softhsm.conf"
	export SOFTHSM2_CONF=$DESK/softhsm.conf
	install -m 600 /dev/stdin "$DESK/pin" <<< 1234
	install -m 600 /dev/stdin "$DESK/bad-pin" <<< 9999
	softhsm2-util --init-token --free --label desk --pin 1234 --so-pin 12345678 > /dev/null 2>&1
	for name in opens other; do
		openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$DESK/$name.pem" 2> /dev/null
		softhsm2-util --import "$DESK/$name.pem" --token desk --label $name --id $(printf %s $name | od -An -tx1 | tr -d ' \n') --pin 1234 > /dev/null 2>&1
	done
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$DESK/ec.pem" 2> /dev/null
	softhsm2-util --import "$DESK/ec.pem" --token desk --label curve --id 09 --pin 1234 > /dev/null 2>&1
	is "an operator's key under a token" helpdesk operator --scopes file --output "$DESK/operator" \
		--new-token "${uri/@/opens}" --new-passphrase-file "$DESK/pin"
	OUT=$(helpdesk operator --scopes file --output "$DESK/curve" --new-token "${uri/@/curve}" --new-passphrase-file "$DESK/pin" 2>&1)
	RC=$?
	refused "not under one that signs anew each time" RSA
	[ ! -e "$DESK/curve" ]
	check $? "and no file is left"
}
[ -z "$module" ] || make_token
wait_for 20 eval '[ "$(cut -d . -f 1 /proc/uptime)" -ge $over ]'
kill -0 $nap
check $? "it runs on while no daemon does"
launch_guardd
is "and is ended by the next daemon" wait_for 10 eval '! kill -0 $nap'
if [ -n "$module" ]; then
	number=$(request "$area/tool")
	by_token opens bad-pin
	refused "a wrong PIN" 'PIN is wrong'
	by_token other pin
	refused "another key of the token" 'another token'
	by_token none pin
	refused "a key that is not there" 'no such token'
	by_token opens pin
	unlocked "$(field answer <<< "$OUT")" > /dev/null
	check $? "the token answers a call" "$OUT"
	is "and the file runs" wait_for 5 $AS_USER "$area/tool"
	$U unlock end > /dev/null
else
	skip "a key file that a token opens" "no SoftHSM"
fi

# ---- an operator without the right -------------------------------------------------------
is "an operator's key for files alone" helpdesk operator --scopes file --output "$DESK/limited" --new-passphrase-file "$DESK/pass"
number=$(request "$area/other" --scope install)
try $AT_DESK "$GUARDCTL" answer --key "$DESK/limited" --passphrase-file "$DESK/pass" --ledger "$DESK/key.ledger" \
	--machine pc-1.osaka --user nobody --number "$number" --reason x --ticket x --yes
refused "does not give an install" "may not answer for this kind"
$U request --cancel > /dev/null
number=$(request "$area/other")
try $AT_DESK "$GUARDCTL" --json answer --key "$DESK/limited" --passphrase-file "$DESK/pass" --ledger "$DESK/own.ledger" \
	--machine pc-1.osaka --user nobody --number "$number" --reason x --ticket x
done_with "with a ledger of his own he needs no number of an epoch"
$U request --cancel > /dev/null

# ---- headquarters' deny stands above -----------------------------------------------------
"$GUARDCTL" scan "$area" --mode enforce --id tokyo --output "$DESK/tokyo.conf" > /dev/null 2>&1
"$GUARDCTL" policy build "$DESK/tokyo.conf" --output "$DESK/tokyo.img" > /dev/null 2>&1
number=$(request "$area/other")
OUT=$(answer "$number" --policy "$DESK/tokyo.img")
said "the operator hears who lists the file, and its name" '"policy":"tokyo"' '"action":"allow"' "\"file\":\"$area/other\""

# ---- who vouches for it, as the operator sees it --------------------------------------------
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$DESK/vendor.key" -out "$DESK/vendor.pem" \
	-days 9 -subj "/CN=Acme build" -addext extendedKeyUsage=codeSigning 2> /dev/null
mkdir "$DESK/catalogs" "$DESK/nothing"
is "a vendor's catalog" "$GUARDCTL" sign catalog --all "$area/other" --key "$DESK/vendor.key" --certificate "$DESK/vendor.pem" \
	--output "$DESK/catalogs/acme.sha256"
vendor_policy() # NAME ACTION
{
	printf 'policy = { id = "%s"; version = 1; mode = "enforce"; default = "deny"; };\ngroups = ( { name = "Acme"; rules = (
		{ action = "%s"; signers = ( { provider = "catalog"; certificate = "vendor.pem"; } ); } ); } );\n' "$1" "$2" > "$DESK/$1.conf" &&
		"$GUARDCTL" policy build "$DESK/$1.conf" --output "$DESK/$1.img" > "$SCRATCH/log/build" 2>&1
}
vendor_policy vendor allow && vendor_policy revoked deny
check $? "policies about the vendor's key" "$(cat "$SCRATCH/log/build")"
OUT=$(answer "$number" --again --catalogs "$DESK/catalogs" 2>&1)
said "a signed list names the file; by no key that is known" "\"file\":\"$area/other\"" '"provider":"catalog"' '"state":"unknown"'
OUT=$(answer "$number" --again --catalogs "$DESK/catalogs" --policy "$DESK/vendor.img" 2>&1)
said "by the policy's key it is good" '"state":"good"' '"where":"acme.sha256.p7s"'
cp "$area/other" "$DESK/copy"
OUT=$(answer "$number" --again --catalogs "$DESK/nothing" --file "$GUARDCTL" --file "$DESK/copy" --called other-tool 2>&1)
said "a copy names it, another file does not; the caller's name is recorded" "\"file\":\"$DESK/copy\"" "$GUARDCTL is another file" \
	'"called":"other-tool"' '"signatures":[]'
OUT=$($AT_DESK env LANGUAGE=ja LC_ALL=C.UTF-8 GUARD_LOCALE_DIR="$GUARD_BUILD/po/locale" "$GUARDCTL" answer --key "$DESK/key" --passphrase-file "$DESK/pass" --machine "$MACHINE" \
	--user nobody --number "$number" --reason x --ticket x --again --catalogs "$DESK/catalogs" --policy "$DESK/vendor.img" --called other 2>&1)
said "in words, too" "このファイルの署名:" "catalog: good, acme.sha256.p7s, ECDSA with sha256, key " "相手の言うファイル名: other" \
	"SHA-256 の先頭: $(sha256sum < "$DESK/copy" | sed 's/\(....\)\(....\)\(....\)\(....\).*/\1 \2 \3 \4/')"
try $AT_DESK "$GUARDCTL" answer --key "$DESK/key" --passphrase-file "$DESK/pass" --machine "$MACHINE" --user nobody \
	--number "$number" --reason x --ticket x --again --catalogs "$DESK/catalogs" --policy "$DESK/revoked.img"
refused "what headquarters denies by its signer is not answered" "headquarters denies"
try $AT_DESK "$GUARDCTL" answer --key "$DESK/key" --passphrase-file "$DESK/pass" --machine "$MACHINE" --user nobody \
	--number "$number" --reason x --ticket x --again --catalogs "$DESK/missing"
refused "a folder of lists that is not there is said" "$DESK/missing"
OUT=$(answer "$number" --again --policy "$DESK/tokyo.img" 2> /dev/null)
unlocked "$(field answer <<< "$OUT")" > /dev/null
wait_for 5 $AS_USER "$area/other"
expect_allowed "an unlocked file" $AS_USER "$area/other"
unlock_policy 'file = "10m"; audit = "5m";' '' "$(deny_rule "$area/other")"
is "a policy that denies it" ctl reload
expect_denied "which headquarters denies now" $AS_USER "$area/other"
try $AT_DESK "$GUARDCTL" answer --key "$DESK/key" --passphrase-file "$DESK/pass" --machine pc-1.osaka --user nobody \
	--number "$number" --reason x --ticket x --policy "$DESK/tokyo.img" --policy "$IMAGE" --yes
refused "nor does the operator give an answer" "headquarters denies"
try $U request "$area/other" --reason x
refused "and nobody phones for that" 'headquarters denies'
try $U request "$area/tool" --scope install --reason x
refused "a scope that the policy does not offer" 'does not offer'

# ---- reviewed, and both sides compared ---------------------------------------------------
try $U unlocks
said "unlocks lists it" "$area/tool"
try $U unlocks show "$id"
said "the review shows what ran" "$area/tool" 'Run under it' "$(sha256sum "$area/tool" | cut -d ' ' -f 1)"
is "the review as JSON" eval '$U --json unlocks show "$id" | $PYTHON -c "import json, sys; d = json.load(sys.stdin); assert d[\"ran\"] >= 1 and d[\"events\"]"'
$CTL --json unlocks > "$DESK/unlocks"
compare() { try $AT_DESK "$GUARDCTL" "$@"; }
compare helpdesk compare --ledger "$DESK/key.ledger" "$DESK/unlocks"
done_with "both sides' records meet"
cp "$DESK/key.ledger" "$DESK/cut.ledger" && printf '{"machine":"pc-1.osa' >> "$DESK/cut.ledger"
compare helpdesk compare --ledger "$DESK/cut.ledger" "$DESK/unlocks"
check "$([ "$RC" = 0 ] && grep -q 'cut short' <<< "$OUT" && cmp -s "$DESK/key.ledger" "$DESK/cut.ledger"; echo $?)" \
	"a line that a power cut left half written is taken out" "$RC $OUT"
sed '2s/"user":"/"user":"x/; 2s/"epoch":/"epoch":1/' "$DESK/key.ledger" > "$DESK/cut.ledger"
compare helpdesk compare --ledger "$DESK/cut.ledger" "$DESK/unlocks"
refused "a line that was changed is found" "does not follow"
head -n 2 "$DESK/key.ledger" > "$DESK/short.ledger"
compare helpdesk compare --ledger "$DESK/short.ledger" "$DESK/unlocks"
refused "an answer that nobody gave is an alert" ALERT
sed 's/"user":"nobody"/"user":"tanaka"/' "$DESK/unlocks" > "$DESK/unlocks.other"
compare helpdesk compare --ledger "$DESK/key.ledger" "$DESK/unlocks.other"
refused "another user's use is an alert" 'ALERT: the answer to request'
sed 's/"opened":"20/"opened":"19/' "$DESK/unlocks" > "$DESK/unlocks.twice"
compare --json helpdesk compare --ledger "$DESK/key.ledger" "$DESK/unlocks" "$DESK/unlocks.twice"
refused "an answer used twice is an alert" '"finding":"used-twice","alert":true'
head -c 300 "$DESK/unlocks" > "$DESK/unlocks.cut"
compare helpdesk compare --ledger "$DESK/key.ledger" "$DESK/unlocks.cut"
refused "a report that was cut off is no good one" 'cut off'
compare helpdesk compare --ledger "$DESK/none.ledger" "$DESK/unlocks"
check "$([ $RC = 1 ] && [ ! -e "$DESK/none.ledger" ]; echo $?)" "a ledger that is not there is not begun" "$OUT"

# ---- at a terminal -----------------------------------------------------------------------
if command -v script > /dev/null; then
	OUT=$(printf '12 34\n' | timeout 20 script -qec "$GUARDCTL --socket $SOCKET unlock" /dev/null 2>&1); RC=$?
	check "$([ "$RC" = 1 ] && grep -q 'digits are missing' <<< "$OUT" && grep -q 'the input has ended' <<< "$OUT" &&
		[ "$(grep -c 'Answer code: ' <<< "$OUT")" = 2 ]; echo $?)" "a slip is asked for again, and the end of the input is said" "$RC $OUT"
fi
try "$GUARDCTL" answer --key "$DESK/no-key" --machine pc-1 --user nobody --number 1 --reason x --ticket x
check "$([ "$RC" = 1 ] && [ ! -e "$DESK/no-key.ledger" ]; echo $?)" "beside a key that is not there no ledger is begun" "$OUT"

is "a report" $U report "$area/tool" --reason "sent by mail"
wait_for 5 event_with '"reported"' "$area/tool"
check $? "is on record"
stop_guardd
check $? "the daemon ends"
