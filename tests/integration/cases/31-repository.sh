# SPDX-License-Identifier: MIT
# where: host
# The administrator's side of distribution: keys and thresholds, publishing, what
# is refused, exceptions and their bounds, denials.  No daemon.
. "$(dirname "$0")/../lib.sh"
company=$SCRATCH/company
mkdir -p "$company/keys"
cd "$company" || exit 1
printf 'correct horse battery\n' > "$SCRATCH/passphrase"
repo() { try "$GUARDCTL" "$@"; }
published() { (cd published && find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2); }

# ---- keys and the root ceremony ------------------------------------------------------
repo repo init; done_with "init writes an example to fill in"
repo keys new keys/root-1 --passphrase-file "$SCRATCH/passphrase"; done_with "an encrypted key"
for key in root-2 root-3; do
	repo keys new keys/$key --unattended; done_with "a key: $key"
done
check "$(grep -q 'BEGIN ENCRYPTED PRIVATE KEY' keys/root-1 && [ "$(stat -c %a keys/root-1)" = 600 ]; echo $?)" \
	"the private half is encrypted and its owner's"
check "$(openssl pkey -in keys/root-1 -passin "file:$SCRATCH/passphrase" -noout; echo $?)" "openssl reads it"
repo keys new keys/root-1 --unattended; refused "a key is never replaced" "never replaced"
printf 'short\n' > "$SCRATCH/short"
repo keys new keys/weak --passphrase-file "$SCRATCH/short"; refused "a short passphrase" passphrase
for key in hq online osaka tokyo; do
	"$GUARDCTL" keys new keys/$key --unattended > /dev/null
done
cat > hq.conf << 'E'
policy = { id = "acme"; version = 1; mode = "enforce"; exceptions = { longest_days = 40; paths = true; }; };
groups = (
  { name = "core"; rules = ( { sha256 = [ "7298a4e77e5df91060a60e3a26c2e9b15a419c8362bd9668a4f42178b44382b0  /usr/bin/ls" ]; } ); },
  { name = "forbidden"; rules = ( { action = "deny"; sha256 = [ "81f0fe2ca8ec76f237c1b9c38c29689e34e1998b744b8f38a23caab650ce33ec  /opt/bad" ]; } ); }
);
E
repo repo publish --key keys/hq --key keys/online; refused "no root, nothing published" "repo init"
chmod 644 keys/hq; repo repo init --key keys/hq; refused "an open, unencrypted key" "chmod 600"; chmod 600 keys/hq
repo repo init --key keys/root-1 --passphrase-file "$SCRATCH/short"; refused "a wrong passphrase" wrong
repo repo init --key keys/root-1 --passphrase-file "$SCRATCH/passphrase"
refused "one of two signatures is no root" "lacks 1 signature" pending/root.json
repo keys sign pending/root.json --key keys/hq; repo repo init; refused "a stranger's signature does not count" "lacks 1"
repo keys sign pending/root.json --key keys/root-3 --passphrase-file "$SCRATCH/passphrase"
check "$([ "$RC" = 0 ] && grep -qE 'fingerprint ([0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}' <<< "$OUT"; echo $?)" \
	"the signer sees the fingerprint" "$OUT"
repo repo init; done_with "two of three make the root"
repo repo init; refused "a second root from nothing" rotate

# ---- publishing ------------------------------------------------------------------------
publish() { repo repo publish --key keys/hq --key keys/online "$@"; }
publish; done_with "publish"
repo repo verify; done_with "a machine would take it"
published > "$SCRATCH/first"
publish; published > "$SCRATCH/second"
check "$(diff <(grep -v timestamp.json "$SCRATCH/first") <(grep -v timestamp.json "$SCRATCH/second") > /dev/null; echo $?)" \
	"the same sources give the same bytes"
sed -i 's|/usr/bin/ls|/usr/bin/dir|' hq.conf
publish; refused "another policy under the same version" "version = 2;"
sed -i 's/version = 1/version = 2/' hq.conf
publish --dry-run
check "$([ "$RC" = 0 ] && grep -qF 'version: 1 -> 2' <<< "$OUT" && grep -q '/usr/bin/dir' <<< "$OUT"; echo $?)" \
	"a dry run tells in programs" "$OUT"
check "$(published | diff - "$SCRATCH/second" > /dev/null; echo $?)" "a dry run publishes nothing"
repo repo publish --key keys/hq; check "$([ "$RC" = 1 ]; echo $?)" "without the online key nothing is published" "$OUT"
check "$(grep -v ' \./metadata/[0-9]*\.targets\.\| \./targets/' <(published) | grep timestamp | diff - <(grep timestamp "$SCRATCH/second") > /dev/null; echo $?)" \
	"and readers keep what they had"
publish; done_with "a higher version is published"
sed -i 's/version = 2/version = 3/; s/profiles = (/profiles = (/' hq.conf
sed -i 's|sources = \[ "hq.conf" \];|sources = [ "hq.conf" ]; reference = "/";|' repo.conf
publish; refused "a policy that this machine could not live with" "nothing was changed"
sed -i 's| reference = "/";||' repo.conf
sed -i 's/version = 3/version = 2/' hq.conf

# A signer who is not named, a damaged file.
cp -a published "$SCRATCH/damaged"
newest=$(ls -t published/metadata/*.targets.json | head -n 1)
sed -i 's/"version":2}/"version":9}/' "$newest"
repo repo verify; refused "a published file that was changed" targets
rm -r published; mv "$SCRATCH/damaged" published
repo repo verify; done_with "and whole again"

# ---- offices and exceptions ----------------------------------------------------------------
repo repo delegate ../x --key keys/osaka.pub; check "$([ "$RC" = 2 ]; echo $?)" "an office's name is no path" "$OUT"
repo repo delegate osaka --key "$SCRATCH/passphrase"; refused "a key that is none" "not a public key"
for office in osaka tokyo; do
	repo repo delegate $office --key keys/$office.pub --hosts "$office-*"; done_with "an office: $office"
	repo exception sign --office $office --key keys/$office; done_with "$office signs its first list"
done
publish; done_with "publish with offices"
printf 'kessan' > "$SCRATCH/kessan"
add() { repo exception add --office osaka --reason "yearly closing" --key keys/osaka "$@"; }
add --file "$SCRATCH/kessan" --until 30d --ticket HELP-4711 --key keys/online; done_with "an exception, at once"
check "$([ -n "$(ls published/targets/office/osaka)" ] && [ ! -e published/targets/office/tokyo ]; echo $?)" "for Osaka alone"
add --file "$SCRATCH/kessan" --until 2090-01-01 --id when; check "$(grep -q 'beyond' <<< "$OUT"; echo $?)" "an end that is too far" "$OUT"
add --sha256 "$(printf %064d 6)" --until "$(date -u -d '+9 days' +%Y-%m-%d)" --id when
said "a day is its beginning, and that is said" "it ends at $(date -u -d '+9 days' +%Y-%m-%d)T00:00:00Z"
repo repo verify; done_with "what is signed and not published yet is no damage"
repo exception remove when --office osaka --key keys/osaka
add --file "$SCRATCH/kessan" --until 60d --id long; refused "longer than the policy permits" "40 days"
add --sha256 81f0fe2ca8ec76f237c1b9c38c29689e34e1998b744b8f38a23caab650ce33ec --until 3d; refused "against a deny rule" denies
add --path '/opt/kessan/**' --until 3d --id path; refused "by path without two signatures" "beyond"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 9 -subj /CN=maker -keyout "$SCRATCH/maker.key" \
	-out "$SCRATCH/maker.pem" 2> /dev/null
add --signer "catalog:$SCRATCH/maker.pem" --until 3d --id signer; refused "by signer, which the policy does not permit" "beyond"
repo exception add --office osaka --file "$SCRATCH/kessan" --reason x --key keys/osaka
check "$([ "$RC" = 2 ]; echo $?)" "without an end" "$RC $OUT"
add --file "$SCRATCH/kessan" --until 2020-01-01 --id past; check "$([ "$RC" = 2 ]; echo $?)" "with an end that has passed" "$RC $OUT"
check "$([ "$(ls offices/osaka | wc -l)" = 2 ]; echo $?)" "what was refused left nothing" "$(ls offices/osaka)"
repo exception add --office osaka --file "$SCRATCH/kessan" --until 3d --id other --reason x --key keys/tokyo --key keys/online
check "$([ "$RC" = 0 ] && grep -q 'not signed yet' <<< "$OUT"; echo $?)" "Tokyo's key does not sign for Osaka" "$OUT"
repo repo verify
done_with "and nothing of it is out"
repo exception remove other --office osaka --key keys/osaka; done_with "take it back"

# What an unlock by phone let through, out of what the machine wrote.
cat > "$SCRATCH/unlocks" <<- END
	{"id":3,"scope":"file","opened":"2027-01-01T00:00:00Z","path":"/home/a/kessan","sha256":"$(printf a | sha256sum | cut -d ' ' -f 1)"}
	{"id":4,"scope":"install","opened":"2027-01-01T00:00:00Z","path":"/home/a/setup","sha256":"$(printf b | sha256sum | cut -d ' ' -f 1)","events":[{"unlock":4,"reason":"unlock","path":"/opt/app","sha256":"$(printf c | sha256sum | cut -d ' ' -f 1)"},{"unlock":null,"reason":"no-rule","path":"/opt/refused","sha256":"$(printf d | sha256sum | cut -d ' ' -f 1)"}]}
	{"id":5,"scope":"audit","opened":"2027-01-01T00:00:00Z","path":""}
	{"id":6,"scope":"install","opened":"2027-01-01T00:00:00Z","path":"/home/a/setup","sha256":"$(printf b | sha256sum | cut -d ' ' -f 1)"}
END
add --from-unlock 7 --ledger "$SCRATCH/unlocks" --until 3d; refused "an unlock that is not there" "no unlock 7"
add --from-unlock x --ledger "$SCRATCH/unlocks" --until 3d; check "$([ "$RC" = 2 ]; echo $?)" "a number that is none" "$OUT"
add --from-unlock 5 --ledger "$SCRATCH/unlocks" --until 3d; refused "an unlock of the whole machine" "names no program"
add --from-unlock 6 --ledger "$SCRATCH/unlocks" --until 3d; refused "an installer without what ran" "unlocks show 6"
add --from-unlock 3 --ledger "$SCRATCH/kessan" --until 3d; refused "a file that is no export" "is not what"
add --from-unlock 3 --ledger "$SCRATCH/unlocks" --until 3d --id one --key keys/online; done_with "an unlocked file becomes an exception"
add --from-unlock 4 --ledger "$SCRATCH/unlocks" --until 3d --id two --key keys/online; done_with "an installer with what ran under it"
check "$(grep -q /home/a/setup offices/osaka/two.conf && grep -q /opt/app offices/osaka/two.conf && ! grep -q refused offices/osaka/two.conf; echo $?)" "and not with what was refused" "$(cat offices/osaka/two.conf)"
for id in one two; do repo exception remove $id --office osaka --key keys/osaka --key keys/online; done

# A broad one takes two.
sed -i 's|^};|  broad = { threshold = 2; keys = [ "keys/osaka.pub", "keys/hq.pub" ]; };\n};|' offices/osaka/office.conf
add --path '/opt/kessan/**' --until 3d --id path --broad; refused "a broad one, signed by one" "lacks 1"
repo keys sign pending/osaka.broad.json --key keys/hq; done_with "headquarters signs, too"
publish; done_with "publish with a broad exception"
check "$([ -n "$(ls published/targets/office/osaka/broad 2> /dev/null)" ]; echo $?)" "it is out"
repo exception list
check "$([ "$(grep -c osaka <<< "$OUT")" = 2 ] && grep -q broad <<< "$OUT" && grep -q HELP-4711 <<< "$OUT"; echo $?)" "the list has both" "$OUT"

# Names that no shell likes; two offices that call theirs the same.
odd=$SCRATCH/$'\xe6\xb1\xba \xe7\xae\x97\n"x\\".exe'
printf odd > "$odd"
add --file "$odd" --until 3d --key keys/online; done_with "a file whose name has spaces, quotes and a line's end"
odd_id=$(basename "$(ls offices/osaka/program-*.conf)" .conf)
repo exception add --office tokyo --file "$odd" --id "$odd_id" --until 3d --reason $'two\nlines, "quoted"' --key keys/tokyo --key keys/online
done_with "another office's exception of the same name"
repo exception list; check "$([ "$(grep -c "$odd_id" <<< "$OUT")" = 2 ]; echo $?)" "the list has each in a line" "$OUT"
repo repo verify; done_with "machines take both"
for office in osaka tokyo; do repo exception remove "$odd_id" --office $office --key keys/$office --key keys/online; done_with "and lose it: $office"; done

# ---- deliveries of the help desk ------------------------------------------------------------------
mkdir unlock && echo 00ff > unlock/pc-1.sealed && echo x > unlock/pc-1.new
publish; done_with "publish what the help desk sends"
check "$([ "$(ls published/targets/unlock | grep -c 'pc-1.sealed$')" = 1 ] && [ "$(ls published/targets/unlock | grep -c new)" = 0 ]; echo $?)" \
	"for its machine" "$(ls published/targets/unlock)"

# ---- denials -----------------------------------------------------------------------------------
deny() { repo deny --now --reason "notice 12" --key keys/hq --key keys/online "$@"; }
deny --file "$SCRATCH/kessan" --id remote-tool; done_with "a denial, at once"
add --file "$SCRATCH/kessan" --until 3d --id anyway; refused "an exception for what is denied at once" "deny --list"
deny --path '/usr/bin/**' --id everything; refused "a denial that would lock machines up" "lock"
deny --file /bin/sh --id shell; refused "a denial of this machine's shell" "lock"
sed -i 's|version = 2; mode|version = 3; mode|; s|  { name = "forbidden"|  { name = "base"; rules = ( { sha256 = [ "'"$(printf %064d 7)"'  /usr/sbin/guardd", "'"$(printf %064d 8)"'  /usr/bin/bash" ]; } ); },\n&|' hq.conf
publish; done_with "a policy that lists guard and a shell"
deny --sha256 "$(printf %064d 7)" --id guard; refused "a denial of what machines of a profile need" /usr/sbin/guardd "allow-lock-out"
check "$([ ! -e deny/guard.conf ]; echo $?)" "and it leaves nothing"
sed -i.kept 's|version = 3; mode|version = 4; mode|; s|, "[0-9]*  /usr/bin/bash"||' hq.conf
publish --dry-run; refused "a dry run of a policy without the shell that machines have" /usr/bin/bash
publish; refused "and the policy itself" /usr/bin/bash "nothing was published"
mv hq.conf.kept hq.conf
# What an office may have is lowered, and its key is not at hand.
sed -i.kept 's|longest_days = 40|longest_days = 2|; s|version = 3; mode|version = 4; mode|' hq.conf
publish; check "$([ "$RC" = 0 ] && grep -q 'machines would pass' <<< "$OUT"; echo $?)" "headquarters lowers a limit: the office is named, the policy is published" "$RC $OUT"
sed -i 's|version = 3; mode|version = 5; mode|' hq.conf.kept && mv hq.conf.kept hq.conf; publish; done_with "and raises it again"
repo repo delegate nagoya --key keys/tokyo.pub; publish --dry-run; check "$(grep -q '^Machines of nagoya: new' <<< "$OUT"; echo $?)" "a dry run tells of a new office" "$OUT"
rm -r offices/nagoya
mv offices/tokyo "$SCRATCH/tokyo-away"; publish --dry-run; mv "$SCRATCH/tokyo-away" offices/tokyo
said "an office whose folder is gone is named" "offices/tokyo is gone" "keep what they have"
repo deny --list; check "$([ "$(wc -l <<< "$OUT")" = 1 ] && grep -q remote-tool <<< "$OUT"; echo $?)" "the list has one" "$OUT"
repo deny --remove remote-tool --key keys/hq --key keys/online; done_with "take it back"

# ---- rotation ----------------------------------------------------------------------------------
"$GUARDCTL" keys new keys/online-2 --unattended > /dev/null
sed -i 's|keys/online.pub|keys/online-2.pub|' repo.conf
repo repo publish --key keys/hq --key keys/online-2; refused "new keys without a new root" "repo rotate"
repo repo rotate --key keys/root-1 --passphrase-file "$SCRATCH/passphrase"; refused "one of two for the new root" "lacks 1"
repo repo rotate --key keys/root-2 --passphrase-file "$SCRATCH/passphrase"; done_with "a second signs, the root is changed"
repo repo publish --key keys/hq --key keys/online-2; done_with "publish under the new root"
repo repo verify; check "$([ "$RC" = 0 ] && grep -q '^root 2' <<< "$OUT"; echo $?)" "machines follow" "$OUT"
repo repo refresh --key keys/online; check "$([ "$RC" = 1 ]; echo $?)" "the old key refreshes no more" "$OUT"

# A root key and an office's are lost (docs/lost-keys.md).
"$GUARDCTL" keys new keys/root-4 --unattended > /dev/null; "$GUARDCTL" keys new keys/osaka-2 --unattended > /dev/null
sed -i 's|keys/root-3.pub|keys/root-4.pub|' repo.conf
repo repo rotate --key keys/root-4 --key keys/root-1 --passphrase-file "$SCRATCH/passphrase"; refused "the new root key and one old one" "lacks 1"
repo repo rotate --key keys/root-2 --passphrase-file "$SCRATCH/passphrase"; done_with "two of the old ones replace the third"
sed -i 's|keys/osaka.pub|keys/osaka-2.pub|g' offices/osaka/office.conf
repo exception sign --office osaka --key keys/osaka; check "$(grep -q 'not signed yet' <<< "$OUT"; echo $?)" "the office's old key signs no more" "$OUT"
delegated() { sed 's/"signatures".*"signed"//' "$(ls -v published/metadata/*.targets.json | tail -n 1)" | grep -o '"name":"[a-z.]*"' | tr '\n' ' '; }
repo repo publish --key keys/hq --key keys/online-2; done_with "headquarters publishes without waiting for the office"
said "and says that its list holds nowhere" "osaka is not signed by enough of the keys that it has now"
check "$([ "$(delegated)" = '"name":"deny" "name":"tokyo" ' ]; echo $?)" "the old key counts for nothing" "$(delegated)"
repo repo verify; done_with "a machine takes that"
repo exception sign --office osaka --key keys/osaka-2 --key keys/online-2
check "$([ "$RC" = 0 ] && grep -q 'Next, at headquarters' <<< "$OUT"; echo $?)" "what is not delegated to yet is signed, not published" "$RC $OUT"
repo exception sign --office osaka --key keys/osaka-2; done_with "the office signs its list with its new key"
repo exception sign --office osaka --broad --key keys/osaka-2; done_with "its broad list, which headquarters signed when it published"
repo repo publish --key keys/hq --key keys/online-2; done_with "publish for the new key"
repo repo verify; check "$([ "$RC" = 0 ] && grep -q '^root 3' <<< "$OUT"; echo $?)" "machines follow both" "$OUT"
add --file "$SCRATCH/kessan" --until 3d --id late --key keys/online-2; check "$(grep -q 'not signed yet' <<< "$OUT"; echo $?)" "the old key signs no more" "$RC $OUT"
repo exception remove late --office osaka --key keys/osaka-2 --key keys/online-2

# A year later no office has signed anything.
cp -a . "$SCRATCH/later"
try faketime -f +400d "$GUARDCTL" repo publish --repo "$SCRATCH/later" --key keys/hq --key keys/online-2
done_with "an office that signed nothing for a year holds up nobody"
said "and is named" "tokyo is not signed by enough" "osaka is not signed by enough"
try faketime -f +400d "$GUARDCTL" repo verify --repo "$SCRATCH/later"; done_with "a machine takes that, too"

# ---- a key in a token ----------------------------------------------------------------------------
module=$(find /usr/lib -name libsofthsm2.so 2> /dev/null | head -n 1)
if [ -n "$module" ]; then
	mkdir "$SCRATCH/tokens"
	echo "directories.tokendir = $SCRATCH/tokens" > "$SCRATCH/softhsm.conf"
	export SOFTHSM2_CONF=$SCRATCH/softhsm.conf
	printf '1234\n' > "$SCRATCH/pin"
	softhsm2-util --init-token --free --label hq --pin 1234 --so-pin 12345678 > /dev/null 2>&1
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$SCRATCH/token.pem" 2> /dev/null
	softhsm2-util --import "$SCRATCH/token.pem" --token hq --label targets --id 01 --pin 1234 > /dev/null 2>&1
	uri="pkcs11:token=hq;object=targets?module-path=$module"
	"$GUARDCTL" keys show "$uri" --passphrase-file "$SCRATCH/pin" > keys/token.pub 2> "$SCRATCH/log/token"
	check "$?" "a token shows its public key" "$(cat "$SCRATCH/log/token")"
	sed -i 's|keys/hq.pub|keys/token.pub|' repo.conf
	repo repo rotate --key keys/root-1 --key keys/root-2 --passphrase-file "$SCRATCH/passphrase"; done_with "rotate to the token"
	repo repo publish --key "$uri" --key keys/online-2 --passphrase-file "$SCRATCH/pin"; done_with "publish with the token"
	repo repo verify; done_with "a machine takes the token's signatures"
	printf '9999\n' > "$SCRATCH/pin"
	repo keys show "$uri" --passphrase-file "$SCRATCH/pin"; refused "a wrong PIN" wrong
else
	skip "a key in a token" "no SoftHSM"
fi

# ---- the example federation, as it stands in policy/ --------------------------------------
cp -R "$(cd "$(dirname "$0")/../../../policy/examples/federation" && pwd)" "$SCRATCH/federation"
cd "$SCRATCH/federation" && mkdir keys || exit 1
for key in root-1 root-2 root-3 hq online bank-03 ueno; do "$GUARDCTL" keys new keys/$key --unattended > /dev/null; done
repo repo init --key keys/root-1 --key keys/root-2; done_with "a federation: the root"
repo exception sign --office bank-03 --key keys/bank-03; done_with "a member signs"
repo exception sign --office bank-03-ueno --key keys/ueno; done_with "so does its branch"
repo repo publish --key keys/hq --key keys/online; done_with "the central body publishes"
repo repo verify; done_with "a machine takes it"
place() { find published/targets/place -name "*.$1.json"; }
check "$(grep -q '"settings":{"backend":"auto","protect":"all"}' "$(place bank-03-ueno)" && grep -q '"within":\["bank-03"\]' "$(place bank-03-ueno)" &&
	! grep -q settings "$(place bank-03)"; echo $?)" "what machines protect is signed with their places" "$(cat published/targets/place/*)"
cp repo.conf "$SCRATCH/federation.conf"
spoil() { sed "s/settings = {[^}]*}/settings = $1/" "$SCRATCH/federation.conf" > repo.conf; repo repo publish --key keys/hq --key keys/online; }
spoil '{ backend = "bpf"; }'; refused "settings: what would keep machines from starting" "profile counter: settings.backend must be" "not start"
spoil '{ protect = [ "home" ]; }'; refused "settings: no mount point" "settings.protect must be"
spoil '{ protct = "all"; }'; refused "settings: an unknown name" "no settings.protct"
spoil '"all"'; refused "settings: no group" "settings must be a group"
