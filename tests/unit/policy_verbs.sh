#!/bin/sh
# SPDX-License-Identifier: MIT
#
# policy_verbs.sh GUARDCTL - the verb `policy` from the command line: exit
# codes, and what it says, as text and as JSON.
set -u
guardctl=$1
folder=$(mktemp -d) || exit 2
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 2
umask 022
ran=0
failed=0

# check CODE NEEDLE COMMAND...: exits with CODE and says NEEDLE.
check() {
	code=$1 needle=$2
	shift 2
	"$@" >out 2>&1
	got=$?
	ran=$((ran + 1))
	if [ "$got" != "$code" ] || ! grep -qF -- "$needle" out; then
		failed=$((failed + 1))
		echo "FAILED: $*"
		echo "  exit $got, expected $code; expected to say: $needle"
		sed 's/^/  | /' out
	fi
}

printf one >one
printf two >two
one=$(sha256sum one)
two=$(sha256sum two)
two_digest=${two%% *}
cat >hq.conf <<EOF
policy = { id = "hq"; version = 1; };
groups = ( { name = "tools"; note = "tools 1.0"; rules = ( { sha256 = [ "$one" ]; } ); } );
EOF
sed "s/tools 1.0/tools 1.1/; s/version = 1;/version = 2;/; s/${one%% *}/$two_digest/" hq.conf >new.conf
echo 'policy = { id = "hq"; versoin = 1; };' >bad.conf

# Usage.
check 2 "check, build, test or diff" "$guardctl" policy frobnicate
check 2 "needs a policy source" "$guardctl" policy check
check 2 "needs --output IMAGE" "$guardctl" policy build hq.conf
check 2 "does not take this option" "$guardctl" policy check hq.conf --digests
check 2 "unrecognized option" "$guardctl" policy check hq.conf --frobnicate
check 2 "needs two policies" "$guardctl" policy diff hq.conf
check 2 "takes nothing behind" "$guardctl" policy check hq.conf -- one

# check and build.
check 1 "bad.conf:1: error: unknown key \`versoin\` in \`policy\`; did you mean \`version\`?" "$guardctl" policy check bad.conf
check 1 '"line":1,"severity":"error"' "$guardctl" --json policy check bad.conf
check 0 "Programs listed by content: 1, in groups: 1" "$guardctl" policy check hq.conf
check 1 "nothing was written" "$guardctl" policy build bad.conf --output image
check 1 "no such thing" sh -c 'test -e image || { echo no such thing; exit 1; }'
check 0 "Policy hq, version 1" "$guardctl" policy build hq.conf --output image
check 0 "644 root" stat -c '%a root' image
cp image before
check 1 "nothing was written" "$guardctl" policy build bad.conf --output image
check 0 "same" sh -c "cmp image before && echo same"
check 1 "a second \`policy\` block" "$guardctl" policy build hq.conf new.conf --output image
check 1 "what was there before is unchanged" "$guardctl" policy build hq.conf --output nowhere/image
mkfifo pipe
ln -s /dev/null null
mkdir folder
for name in pipe null folder; do
	check 1 "$name was not written: a folder or a device has that name" "$guardctl" policy build hq.conf --output $name
done
check 0 "fifo" stat -c %F pipe
check 1 "No space left" sh -c "ln -sf /dev/full full; '$guardctl' scan one --output full"
check 0 "1 files listed" "$guardctl" scan one --output null
check 0 "symbolic link" stat -c %F null full
check 0 '"output":"image"' "$guardctl" --json policy build hq.conf --output image
check 1 "cannot read missing.conf: No such file" "$guardctl" policy check missing.conf

# The three standard files, and where --json may stand.
check 1 "could not be written to standard output" sh -c "'$guardctl' policy check hq.conf >&-"
check 1 "could not be written to standard output" sh -c "'$guardctl' policy diff hq.conf new.conf > /dev/full"
check 0 "same" sh -c "'$guardctl' policy build hq.conf --output closed <&- 2>&- && cmp closed image && echo same"
check 0 '"ok":true' "$guardctl" policy check hq.conf --json
check 0 '"ok":true' "$guardctl" policy --json check hq.conf
check 0 '"findings":' sh -c "'$guardctl' --socket nowhere doctor --json || true"
check 3 "cannot reach guardd" "$guardctl" --socket nowhere status --json

# test: files.
check 0 "would be allowed: $folder/one" "$guardctl" policy test image one
check 1 "would be denied: $folder/two" "$guardctl" policy test image one two
check 1 "would be denied now: $folder/one" "$guardctl" policy test new.conf --against image -- one two
check 1 "1 would be denied now, 1 would be allowed now, 0 as before." "$guardctl" policy test new.conf --against image -- one two
check 1 '"now_denied":1' "$guardctl" --json policy test new.conf --against image -- one two
printf 'one\n' >list
check 0 "1 files: 0 would be denied, 1 would be allowed." "$guardctl" policy test image --files list
check 2 "nothing to test" "$guardctl" policy test image
check 1 "cannot read missing" "$guardctl" policy test image missing
check 1 "Is a directory" "$guardctl" policy test image .

cp new.conf new.policy
check 1 "would be denied: $folder/one" "$guardctl" policy test new.policy -- one

# test: a ledger.
event() {
	printf '{"path":"/usr/bin/%s","sha256":"%s","size":3,"kind":"executable","uid":0,"user":"%s","action":"%s","reason":"%s","count":%s,"program":"/usr/bin/dash"}\n' "$@"
}
{
	event one "${one%% *}" alice allow listed 13
	event one "${one%% *}" bob allow listed 1
	event two "$two_digest" bob deny not-listed 2
	event two "$two_digest" bob deny overload 5
	echo '{"text":"daemon started","sha256":null}'
} >events
check 1 "would be denied now: /usr/bin/one (sha256 $(echo "$one" | cut -c1-12).., 14 times, last by bob): No rule of the policy lists it." "$guardctl" policy test new.conf --ledger events
check 1 "would be allowed now: /usr/bin/two" "$guardctl" policy test new.conf --ledger events
check 1 "2 events were left out" "$guardctl" policy test new.conf --ledger events
check 0 "0 would be denied now, 0 would be allowed now, 2 as before." "$guardctl" policy test image --ledger events
check 1 '"count":14,"last_user":"bob"' "$guardctl" --json policy test new.conf --ledger events
echo 'no json' >>events
check 1 "events:6: not a JSON object" "$guardctl" policy test image --ledger events
echo '{"path":"/x","sha256":"12"}' >events
check 1 "events:1: \`sha256\` is no digest" "$guardctl" policy test image --ledger events

# diff.
check 0 "The two policies say the same." "$guardctl" policy diff hq.conf image
check 0 "changed: version: 1 -> 2" "$guardctl" policy diff image new.conf
check 0 "changed: tools (tools 1.0 -> tools 1.1): one (changed content)" "$guardctl" policy diff image new.conf
check 0 "$two_digest" "$guardctl" policy diff image new.conf --digests
check 0 '"equal":false' "$guardctl" --json policy diff image new.conf
# What moves inside a group, and what no program tells of.
header() { echo "policy = { id = \"hq\"; version = 1; $* };"; }
group() { echo "groups = ( { name = \"g\"; rules = ( $* ); } );"; }
{ header; group "{ sha256 = [ \"$one\" ]; }, { action = \"deny\"; sha256 = [ \"$two\" ]; }"; } >a.conf
{ header; group "{ sha256 = [ \"$two\" ]; }, { action = \"deny\"; sha256 = [ \"$one\" ]; }"; } >b.conf
check 0 "changed: g: one (now: deny listed content), two (now: allow listed content)" "$guardctl" policy diff a.conf b.conf
check 0 '"new_rule":"deny listed content"' "$guardctl" --json policy diff a.conf b.conf
{ header; group "{ sha256 = [ \"$one\" ]; users = [ \"al\" ]; }, { sha256 = [ \"$two\" ]; users = [ \"bo\" ]; }"; } >c.conf
{ header; group "{ sha256 = [ \"$two\" ]; users = [ \"al\" ]; }, { sha256 = [ \"$one\" ]; users = [ \"bo\" ]; }"; } >d.conf
check 0 "one (now: allow listed content, for users bo)" "$guardctl" policy diff c.conf d.conf
{ header 'unlock = { file = "30m"; }; exceptions = { paths = true; }; maintenance = { longest = "2h"; };'; group "{ sha256 = [ \"$one\" ]; }"; } >e.conf
{ header 'unlock = { file = "30m"; audit = "90s"; end = "record"; };'; group "{ sha256 = [ \"$one\" ]; }"; } >f.conf
check 0 "changed: unlock audit: (none) -> 90s" "$guardctl" policy diff e.conf f.conf
check 0 "changed: at the end of an unlock: end -> record" "$guardctl" policy diff e.conf f.conf
check 0 "changed: longest maintenance: 2h -> 1h" "$guardctl" policy diff e.conf f.conf
check 0 "library, script, paths -> 92 days" "$guardctl" policy diff e.conf f.conf

# Who vouches for it cannot be seen here.
key=0123456789abcdef0123456789abcdef01234567
{ header; group "{ signers = ( { provider = \"package\"; key = \"$key\"; } ); }"; } >signed.conf
check 0 "rule: allow signed by package $key" sh -c "'$guardctl' policy diff a.conf signed.conf | grep '$key\$'"
event two "$two_digest" bob allow listed 2 >events
check 1 "Of what is denied, 1 may be allowed by a signer" "$guardctl" policy test signed.conf --ledger events
check 1 '"unsure":1' "$guardctl" --json policy test signed.conf --ledger events

printf 'GUARDPOL and nonsense' >broken
check 1 "broken: " "$guardctl" policy diff image broken
check 1 "unknown key" "$guardctl" policy diff image bad.conf

echo "policy_verbs: $ran checks, $failed failed"
[ "$failed" = 0 ]
