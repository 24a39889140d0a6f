# SPDX-License-Identifier: MIT
# where: host
# What keeps a repository well: every signing role in a token, a root that several
# people sign on sticks of their own, each damage found, replaced files removed in
# time, an old copy of the folder noticed, two commands at once.  No daemon.
. "$(dirname "$0")/../lib.sh"
company=$SCRATCH/care
mkdir -p "$company/keys" && cd "$company" || exit 1
guard() { try "$GUARDCTL" "$@"; }

# ---- every role's key in a token --------------------------------------------------------
export SOFTHSM2_CONF=$SCRATCH/care-softhsm.conf
module=$(find /usr/lib -name libsofthsm2.so 2> /dev/null | head -n 1)
signers=
if [ -n "$module" ]; then
	mkdir "$SCRATCH/care-tokens"
	echo "directories.tokendir = $SCRATCH/care-tokens" > "$SOFTHSM2_CONF"
	printf '1234\n' > "$SCRATCH/pin"
	softhsm2-util --init-token --free --label safe --pin 1234 --so-pin 12345678 > "$SCRATCH/log/token" 2>&1
	id=10
	for role in root targets deny snapshot timestamp osaka; do
		kind="-algorithm EC -pkeyopt ec_paramgen_curve:P-256"
		[ $role != targets ] || kind="-algorithm RSA -pkeyopt rsa_keygen_bits:2048"
		# shellcheck disable=SC2086 # options
		openssl genpkey $kind -out "$SCRATCH/$role.pem" 2> /dev/null
		softhsm2-util --import "$SCRATCH/$role.pem" --token safe --label $role --id $((id += 1)) --pin 1234 >> "$SCRATCH/log/token" 2>&1
		uri="pkcs11:token=safe;object=$role?module-path=$module&pin-source=$SCRATCH/pin"
		"$GUARDCTL" keys show "$uri" > keys/$role.pub 2>> "$SCRATCH/log/token" || fail "a key in a token: $role" "$(cat "$SCRATCH/log/token")"
		signers="$signers --key $uri"
	done
	guard keys show "pkcs11:token=lost;object=root?module-path=$module"; refused "a token that is not there" "no token of that label"
	guard keys show "pkcs11:token=safe;object=lost?module-path=$module&pin-source=$SCRATCH/pin"; refused "a key that the token lacks" "of that label"
	guard keys show "pkcs11:token=safe;object=root?module-path=/nowhere.so"; refused "a module that is not there" "cannot be loaded"
	root="pkcs11:token=safe;object=root?module-path=$module&pin-source=$SCRATCH/pin"
else
	skip "keys in a token" "no SoftHSM"
	for role in root targets deny snapshot timestamp osaka; do
		"$GUARDCTL" keys new keys/$role --unattended > /dev/null
		signers="$signers --key keys/$role"
	done
	root=keys/root
fi
for key in root-2 root-3; do "$GUARDCTL" keys new keys/$key --unattended > /dev/null; done
cat > repo.conf << 'E'
directory = "published";
keys = {
  root = { threshold = 3; keys = [ "keys/root.pub", "keys/root-2.pub", "keys/root-3.pub" ]; };
  targets = { keys = [ "keys/targets.pub" ]; }; deny = { keys = [ "keys/deny.pub" ]; };
  snapshot = { keys = [ "keys/snapshot.pub" ]; }; timestamp = { keys = [ "keys/timestamp.pub" ]; };
};
profiles = ( { name = "desktop"; sources = [ "hq.conf" ]; } );
E
cat > hq.conf << 'E'
policy = { id = "acme"; version = 1; mode = "enforce"; };
groups = ( { name = "core"; rules = ( { sha256 = [ "7298a4e77e5df91060a60e3a26c2e9b15a419c8362bd9668a4f42178b44382b0  /usr/bin/ls" ]; } ); } );
E

# ---- a root that three people sign, each on a stick of his own -----------------------------
guard repo init; refused "nobody has signed" "lacks 3 signatures"
for stick in 1 2 3; do mkdir "$SCRATCH/stick-$stick" && cp pending/root.json "$SCRATCH/stick-$stick"; done
guard keys sign "$SCRATCH/stick-1/root.json" --key "$root"
check "$([ "$RC" = 0 ] && grep -q 'targets: 1 of 1' <<< "$OUT" && grep -q 'root needs 3' <<< "$OUT"; echo $?)" "the signer sees who would sign what" "$OUT"
guard keys sign "$SCRATCH/stick-2/root.json" --key keys/root-2
guard keys merge pending/root.json "$SCRATCH/stick-1/root.json" "$SCRATCH/stick-2/root.json"; done_with "two sticks come back"
guard repo init; refused "two of three" "lacks 1 signature"
sed 's/"threshold":3/"threshold":1/' "$SCRATCH/stick-3/root.json" > "$SCRATCH/bent.json"
guard keys sign "$SCRATCH/bent.json" --key keys/root-3
guard keys merge pending/root.json "$SCRATCH/bent.json"; refused "a copy that says something else" "no copy of the same document"
guard keys sign "$SCRATCH/stick-3/root.json" --key keys/root-3
guard keys merge pending/root.json "$SCRATCH/stick-3/root.json"
guard repo init; done_with "three of three"
# shellcheck disable=SC2086 # options
publish() { guard repo publish $signers "$@"; }
guard repo delegate osaka --key keys/osaka.pub
printf kessan > "$SCRATCH/kessan"
# shellcheck disable=SC2086
guard exception add --office osaka --file "$SCRATCH/kessan" --until 9d --id kessan --reason closing $signers
umask 077
publish; done_with "each role signs with its own key"
umask 022
check "$([ -z "$(find published ! -perm -444)" ]; echo $?)" "a web server can read all of it, whatever the umask" "$(find published ! -perm -444)"
guard repo verify; done_with "and a machine takes it"

# The token is pulled out while a passphrase is typed, when its keys are open already.
if [ -n "$module" ]; then
	printf 'correct horse battery\n' > "$SCRATCH/passphrase"
	"$GUARDCTL" keys new keys/slow --passphrase-file "$SCRATCH/passphrase" > /dev/null
	mkfifo "$SCRATCH/typing"
	cp -a published "$SCRATCH/before"
	sed -i 's/version = 1; mode/version = 2; mode/' hq.conf
	{ exec 5> "$SCRATCH/typing"; mv "$SCRATCH/care-tokens" "$SCRATCH/pulled"; cat "$SCRATCH/passphrase" >&5; } &
	publish --key keys/slow --passphrase-file "$SCRATCH/typing"
	wait $!
	refused "the token is pulled out meanwhile" "could not be signed"
	check "$(diff -r published "$SCRATCH/before" > /dev/null; echo $?)" "and readers have what they had" "$(diff -r published "$SCRATCH/before")"
	mv "$SCRATCH/pulled" "$SCRATCH/care-tokens"
	sed -i 's/version = 2; mode/version = 1; mode/' hq.conf
	publish; guard repo verify; done_with "put in again, all is well"
	rm -r "$SCRATCH/before"
fi

# ---- each damage is found --------------------------------------------------------------------
missed=
while read -r file; do
	cp -p "$file" "$SCRATCH/kept"
	printf '\n ' | dd of="$file" bs=1 conv=notrunc seek=$(($(stat -c %s "$file") / 2)) 2> /dev/null
	"$GUARDCTL" repo verify > /dev/null 2>&1 && missed="$missed bent:$file"
	[ "${file##*/}" != timestamp.json ] || head -c -1 "$SCRATCH/kept" > "$file"
	"$GUARDCTL" repo verify > /dev/null 2>&1 && missed="$missed cut:$file"
	rm "$file"
	case $file in *.gz) ;; *) "$GUARDCTL" repo verify > /dev/null 2>&1 && missed="$missed gone:$file" ;; esac
	cp -p "$SCRATCH/kept" "$file"
done < <(find published -type f)
check "$([ -z "$missed" ]; echo $?)" "every file: bent, cut short, removed" "$missed"
chmod 600 published/metadata/timestamp.json
guard repo verify; refused "a file that a web server cannot read" "chmod"
chmod 644 published/metadata/timestamp.json
rm "$(find published/targets/policy -type f | head -n 1)"
publish; guard repo verify; done_with "publishing puts back what was lost"

# ---- replaced files ------------------------------------------------------------------------------
old=$(find published/targets/policy -type f ! -name '*.gz')
sed -i 's/version = 1; mode/version = 2; mode/' hq.conf
publish
check "$([ -e "$old" ] && grep -qF "${old#published/}" signed/replaced.json; echo $?)" "what was replaced stays for readers in between" "$(cat signed/replaced.json)"
sed -i -E 's/":[0-9]+/":1000/g' signed/replaced.json
touch published/metadata/.publish-0000beef.tmp published/targets/index.html
publish
check "$([ ! -e "$old" ] && [ ! -e published/metadata/1.snapshot.json ] && [ ! -e published/metadata/.publish-0000beef.tmp ]; echo $?)" \
	"after 30 days it goes, and what a cut-off run left" "$(find published)"
check "$([ -e published/metadata/1.root.json ] && [ -e published/targets/index.html ]; echo $?)" "roots stay for ever, and what is not ours"
rm published/targets/index.html
guard repo verify; done_with "and all is whole"

# ---- an old copy of the folder ----------------------------------------------------------------------
cp -a signed "$SCRATCH/old-signed"
printf other > "$SCRATCH/other"
# shellcheck disable=SC2086
guard exception add --office osaka --file "$SCRATCH/other" --until 9d --id other --reason more $signers
rm -r signed && mv "$SCRATCH/old-signed" signed
publish; refused "a restored, older signed/" "never go back" "repo recover"
guard repo verify; refused "and verify says so, too" "old copy"
guard repo recover; done_with "recover takes what is published"
publish; done_with "then publishing goes on"
check "$(grep -q '"version":2' signed/osaka.json; echo $?)" "under the versions that machines have" "$(cat signed/osaka.json)"
guard repo verify; done_with "and all is whole once more"

# ---- two at once --------------------------------------------------------------------------------------
# shellcheck disable=SC2086
for _ in 1 2 3; do "$GUARDCTL" repo refresh $signers > /dev/null 2>&1 & done; wait
publish; guard repo verify; done_with "a timer's refreshes and a person's publication do not meet"

# ---- two people with a copy of the folder each, one published folder -------------------------------------
other=$SCRATCH/care-2
cp -a . "$other"
sed -i "s|directory = .*|directory = \"$company/published\";|" "$other/repo.conf"
# shellcheck disable=SC2086
try "$GUARDCTL" repo refresh --repo "$other" $signers; done_with "the other's copy publishes"
publish; refused "the first copy is behind then" "newer than signed/"
guard repo recover; done_with "it takes over what was published"
sed -i 's/version = 2; mode/version = 3; mode/' hq.conf
rm -rf "$SCRATCH/apart" && cp -a published "$SCRATCH/apart" && cp -a signed "$other/" && cp hq.conf "$other/"
publish; done_with "and publishes"
sed -i "s|directory = .*|directory = \"$SCRATCH/apart\";|" "$other/repo.conf"
printf more > "$SCRATCH/more"
# shellcheck disable=SC2086
try "$GUARDCTL" exception add --repo "$other" --office osaka --file "$SCRATCH/more" --until 9d --id more --reason more $signers
sed -i "s|directory = .*|directory = \"$company/published\";|" "$other/repo.conf"
# shellcheck disable=SC2086
try "$GUARDCTL" repo publish --repo "$other" $signers; refused "two publications under one number" "another copy of the folder"

# ---- times ------------------------------------------------------------------------------------------------
touch -d '+1 day' published/metadata/timestamp.json
publish; refused "a clock that is behind the last publication" "set the clock right"
touch published/metadata/timestamp.json
publish; done_with "set right"
guard repo verify; check "$([ "$RC" = 0 ] && ! grep -q 'ends at' <<< "$OUT"; echo $?)" "fresh: nothing to say" "$OUT"
