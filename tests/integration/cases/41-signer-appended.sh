# SPDX-License-Identifier: MIT
# where: host
# Files with a CMS signature behind them, as kernel modules have it, and lists of
# digests signed by CMS.  All made with openssl(1) and sha256sum(1).
. "$(dirname "$0")/../lib.sh"
set -- $AREAS
area=$1 other_area=$2
keys=$SCRATCH/keys
catalogs=$SCRATCH/state-catalogs
mkdir -p "$keys" "$SCRATCH/log" "$SCRATCH/etc" "$catalogs"
new_key() { openssl req -x509 -newkey "$2" ${3:+-pkeyopt "$3"} -nodes -keyout "$keys/$1.key" -out "$keys/$1.pem" \
	-days 30 -subj "/CN=$1" 2> "$SCRATCH/log/openssl"; }
new_key build rsa:2048 && new_key vendor ec ec_paramgen_curve:P-256 && new_key stranger rsa:2048
cms() { openssl cms -sign -binary -outform DER -signer "$keys/$1.pem" -inkey "$keys/$1.key" -in "$2" -out "$3" "${@:4}" 2> "$SCRATCH/log/openssl"; }

# append KEY FILE TO OPTION...: as scripts/sign-file of the kernel.
append()
{
	cms "$1" "$2" "$SCRATCH/cms" "${@:4}" || return 1
	{
		cat "$2" "$SCRATCH/cms"
		printf '\0\0\2\0\0\0\0\0'
		printf '%08x' "$(stat -c %s "$SCRATCH/cms")" | xxd -r -p
		printf '~Module signature appended~\n'
	} > "$3" && chmod 755 "$3"
}
signer_policy()
{
	"$GUARDCTL" scan "$LISTED" --mode enforce --id test --output "$SCRATCH/etc/policy.conf" > "$SCRATCH/log/scan" 2>&1
	sed -i "s/version = [0-9]*;/version = $1;/" "$SCRATCH/etc/policy.conf"
	printf 'readers = [ "/usr/bin/*sum", "/usr/bin/cp", "/usr/bin/sed", "/usr/bin/python3*" ];\ngroups = ( { name = "signed"; rules = (\n%s\n); } );\n' \
		"$2" > "$SCRATCH/etc/signers.conf"
	"$GUARDCTL" policy build "$SCRATCH/etc/policy.conf" "$SCRATCH/etc/signers.conf" --output "$IMAGE" \
		> "$SCRATCH/log/build" 2>&1
}
by() { printf '{ signers = ( { provider = "%s"; certificate = "%s/%s.pem"; } ); }' "$1" "$keys" "$2"; }
take_policy() { signer_policy "$1" "$2" && ctl reload > "$SCRATCH/log/reload" 2>&1; }

rm -rf "$SCRATCH/state" "$SCRATCH/run"
signer_policy 1 "$(by appended build), $(by appended vendor)" &&
	write_config "catalogs = \"$catalogs\";" && launch_guardd
check $? "the daemon starts" "$(cat "$SCRATCH/log/build")"

# ---- appended ---------------------------------------------------------------
evil payload "$SCRATCH/plain"
for how in "-nocerts -noattr" "-nocerts" "-nocerts -keyid" "" "-md sha512"; do
	for key in build vendor; do
		# shellcheck disable=SC2086
		append $key "$SCRATCH/plain" "$area/appended" $how
		expect_allowed "appended by $key ${how:-with certificate and attributes}" "$area/appended"
	done
done
append build "$SCRATCH/plain" "$SCRATCH/signed" -nocerts -noattr
append stranger "$SCRATCH/plain" "$area/strange"
expect_denied "appended by another key" "$area/strange"
append build "$SCRATCH/plain" "$area/sha1" -md sha1
expect_denied "appended over SHA-1" "$area/sha1"
sed 's/GUARD-SWITCH:Y:0/GUARD-SWITCH:Y:1/' "$SCRATCH/signed" > "$area/flipped"; chmod 755 "$area/flipped"
expect_denied "a byte of the content flipped" "$area/flipped"
# One content while the digest is read, another when the signature is looked at: by who
# still writes to it, through a mapping.  What was found then must not be remembered of
# the first.  On tmpfs, where a change through a mapping leaves no time behind.
for how in sha256 sha512; do
	append build "$SCRATCH/plain" "$other_area/two-faced" -nocerts -noattr -md $how
	"$PYTHON" - "$other_area/two-faced" << 'END'
import mmap, os, random, sys, time
with open(sys.argv[1], "r+b") as file:
    memory = mmap.mmap(file.fileno(), 0)
    at = memory.find(b"GUARD-SWITCH:Y:") + 15
    for _ in range(80):
        memory[at] = ord("1")
        pid = os.fork()
        if pid == 0:
            try:
                os.execv(sys.argv[1], [sys.argv[1]])
            except OSError:
                os._exit(0)
        time.sleep(random.uniform(0.0005, 0.006))
        memory[at] = ord("0")
        os.waitpid(pid, 0)
    memory[at] = ord("1")
END
	expect_denied "of two faces, signed over $how" "$other_area/two-faced"
done
{ cat "$SCRATCH/signed"; echo more; } > "$area/longer"; chmod 755 "$area/longer"
expect_denied "bytes behind the signature" "$area/longer"
{ cat "$SCRATCH/plain"; echo more; tail -c +$(($(stat -c %s "$SCRATCH/plain") + 1)) "$SCRATCH/signed"; } > "$area/between"
chmod 755 "$area/between"
expect_denied "bytes between content and signature" "$area/between"
size=$(stat -c %s "$SCRATCH/signed")
for at in 29 32 38 45 80; do
	cp "$SCRATCH/signed" "$area/bad" && chmod 755 "$area/bad"
	[ "$(tail -c $at "$area/bad" | head -c 1 | xxd -p)" != ff ] && other='\377' || other='\376'
	# shellcheck disable=SC2059
	printf "$other" | dd of="$area/bad" bs=1 seek=$((size - at)) conv=notrunc status=none
	expect_denied "the byte $at before the end is another" "$area/bad"
done

# ---- catalogs ---------------------------------------------------------------
for name in tool other; do evil payload "$area/$name"; done
(cd "$area" && sha256sum tool) > "$catalogs/acme.sha256"
take_policy 2 "$(by catalog vendor), $(by catalog build)"
check $? "a policy with catalogs" "$(cat "$SCRATCH/log/build" "$SCRATCH/log/reload")"
expect_denied "in a catalog that nobody signed" "$area/tool"
cms vendor "$catalogs/acme.sha256" "$catalogs/acme.sha256.p7s"
is "reload" ctl reload
expect_allowed "in a signed catalog" "$area/tool"
expect_denied "not in it" "$area/other"
cp "$area/tool" "$area/copy" && chmod 755 "$area/copy"
expect_allowed "a copy of what is in it" "$area/copy"
cp "$area/tool" "$area/changed" && chmod 755 "$area/changed" && flip "$area/changed"
expect_denied "one byte of what is in it flipped" "$area/changed"
printf X >> "$area/changed"
expect_denied "a byte behind what is in it" "$area/changed"
(cd "$area" && sha256sum other) >> "$catalogs/acme.sha256"
ctl reload > /dev/null
expect_denied "a line added to the signed list" "$area/other"
expect_denied "the rest of a list that was changed" "$area/tool"
(cd "$area" && sha256sum tool other) > "$catalogs/acme.sha256"
cms stranger "$catalogs/acme.sha256" "$catalogs/acme.sha256.p7s" && ctl reload > /dev/null
expect_denied "signed by another key" "$area/tool"
cms build "$catalogs/acme.sha256" "$catalogs/acme.sha256.p7s" -noattr && ctl reload > /dev/null
expect_allowed "signed by an allowed key" "$area/other"

# The list inside the signature: of any size, from the file's own bytes.
lists_told() { ctl status 2>&1 | grep -A3 -i 'signed lists'; }
mkdir "$SCRATCH/outside" && mv "$catalogs"/* "$SCRATCH/outside"
(cd "$area" && sha256sum tool other) > "$SCRATCH/inside"
cms build "$SCRATCH/inside" "$catalogs/in.p7s" -nodetach && ctl reload > /dev/null
expect_allowed "in an attached catalog" "$area/tool"
# An inspector that has no time says nothing of a list.
inspectors=$(for pid in $(guard_pids); do case $(cat "/proc/$pid/comm" 2> /dev/null) in guardd-inspect*) echo "$pid" ;; esac; done)
# One of them may have ended since: the others are let go on all the same.
kill -STOP $inspectors 2> /dev/null
{ sleep 4; kill -CONT $inspectors; } 2> /dev/null &
touch "$SCRATCH/inside" && ctl reload > /dev/null
expect_allowed "in a catalog that could not be looked at at first" "$area/tool"
wait $!
cms stranger "$SCRATCH/inside" "$catalogs/in.p7s" -nodetach && ctl reload > /dev/null
expect_denied "attached, by another key" "$area/tool"
{ awk 'BEGIN { for (i = 0; i < 100000; i++) printf "%064x  a name of no file %d\\r\n", i, i }'; cat "$SCRATCH/inside"; } > "$SCRATCH/large"
cms build "$SCRATCH/large" "$catalogs/in.p7s" -nodetach && ctl reload > /dev/null
expect_allowed "in an attached catalog of 100,000 lines" "$area/other"
sed -i "s/^\(0*\)5\(  a name of no file 5.*\)/\\16\\2/" "$catalogs/in.p7s" && ctl reload > /dev/null
expect_denied "one digit of it changed" "$area/other"
check "$(grep -q 'changed after it was signed' <<< "$(lists_told)"; echo $?)" "and status says so" "$(lists_told)"
cms build "$SCRATCH/inside" "$catalogs/in.p7s" -nodetach -stream && ctl reload > /dev/null
expect_denied "attached, in pieces (BER)" "$area/tool"
check "$(grep -q -e '-stream' <<< "$(lists_told)"; echo $?)" "and status says what to do" "$(lists_told)"
head -c 3000 "$catalogs/in.p7s" > "$catalogs/cut.p7s"
is "reload with a cut one" ctl reload
rm -f "$catalogs"/* && mv "$SCRATCH/outside"/* "$catalogs"
head -c 2000 /dev/urandom > "$catalogs/noise.sha256.p7s"
: > "$catalogs/noise.sha256"
mkfifo "$catalogs/fifo.sha256.p7s"
is "reload with noise and a FIFO beside it" ctl reload
expect_allowed "the good catalog among bad ones" "$area/other"
# One list beside its signature, one inside: both of a key that is revoked next.
evil payload "$area/inside"
(cd "$area" && sha256sum inside) > "$SCRATCH/one"
cms build "$SCRATCH/one" "$catalogs/one.p7s" -nodetach && ctl reload > /dev/null
expect_allowed "in an attached catalog among others" "$area/inside"
cp "$area/inside" "$area/inside-flipped" && chmod 755 "$area/inside-flipped" && flip "$area/inside-flipped"
expect_denied "one byte of it flipped" "$area/inside-flipped"
cp "$SCRATCH/signed" "$area/by-build" && chmod 755 "$area/by-build"
deny() { printf '{ action = "deny"; signers = ( { provider = "%s"; certificate = "%s/%s.pem"; } ); }' "$1" "$keys" "$2"; }
take_policy 3 "$(by catalog build), $(deny catalog build), $(by appended build), $(by appended vendor), $(deny appended vendor)"
check $? "a policy that revokes one key of each" "$(cat "$SCRATCH/log/build" "$SCRATCH/log/reload")"
expect_denied "in a catalog, its signer revoked" "$area/other"
expect_denied "in an attached catalog, its signer revoked" "$area/inside"
expect_denied "appended, its signer revoked" "$area/appended"
expect_allowed "appended by the other key" "$area/by-build"

# ---- guardctl sign catalog ------------------------------------------------------
# What it writes, openssl(1) and sha256sum(1) check; what it may not sign, it does not.
signs() { "$GUARDCTL" sign catalog "$@" > "$SCRATCH/log/sign" 2>&1; }
publicly_good()
{
	openssl cms -verify -binary -inform DER -in "$1.p7s" -content "$1" -CAfile "$keys/$2.pem" -purpose any -out /dev/null &&
		sha256sum --quiet -c "$1"
}
mkdir -p "$area/tree" && rm -f "$catalogs"/*
evil payload "$area/tree/tool"
evil payload "$area/tree/back\\slash and
newline"
list=$SCRATCH/tree.sha256
is "a catalog of a tree, by a key file" signs "$area/tree" --key "$keys/build.key" --certificate "$keys/build.pem" --output "$list"
is "openssl and sha256sum take it" publicly_good "$list" build
cp "$list" "$list.p7s" "$catalogs"
take_policy 4 "$(by catalog build), $(by catalog vendor)"
expect_allowed "what it lists" "$area/tree/tool"
try $CTL explain --state "$SCRATCH/state" --catalogs "$catalogs" "$area/tree/tool"
check "$([ "$RC" = 0 ] && grep -q 'Vouched for by: catalog' <<< "$OUT"; echo $?)" "explain says who vouches for it" "$RC: $OUT"
try $CTL explain "$area/tree/tool"
check "$([ "$RC" = 0 ] && grep -q 'Vouched for by: catalog' <<< "$OUT"; echo $?)" "and asks the daemon where its lists are" "$RC: $OUT"
try "$GUARDCTL" signers "$area/tree/tool" --catalogs "$SCRATCH/nowhere" --policy "$IMAGE"
refused "a folder of lists that is not there" "nowhere: No such file or directory"
append vendor "$SCRATCH/plain" "$area/tree/appended" && evil payload "$area/tree/alone"
try "$GUARDCTL" scan "$area/tree" --by signer --certificate "$keys/build.pem" --certificate "$keys/stranger.pem" \
	--certificate "$keys/vendor.pem" --catalogs "$catalogs" --state "$SCRATCH/state" --output "$SCRATCH/etc/proposed.conf"
check "$([ "$RC" = 0 ] && [ "$(grep -c 'provider = ' "$SCRATCH/etc/proposed.conf")" = 2 ] &&
	! grep -q -e stranger -e tree/tool -e tree/appended "$SCRATCH/etc/proposed.conf" && grep -q tree/alone "$SCRATCH/etc/proposed.conf"; echo $?)" \
	"scan --by signer proposes the two who vouch, and a hash for the one that nobody does" "$OUT $(head -n 60 "$SCRATCH/etc/proposed.conf")"
try "$GUARDCTL" policy build "$SCRATCH/etc/proposed.conf" --output "$SCRATCH/etc/proposed.image"
check "$RC" "and what it proposes can be built" "$OUT"
rm -f "$area/tree/appended" "$area/tree/alone"
expect_allowed "what it lists under an odd name" "$area/tree/back\\slash and
newline"
evil_same_size payload "$area/tree/flipped"
expect_denied "what it does not list" "$area/tree/flipped"
signs "$area/tree/tool" --key "$keys/build.key" --certificate "$keys/build.pem" --output "$list" --attached
check "$([ $? = 1 ] && grep -q 'would be taken for the list' "$SCRATCH/log/sign"; echo $?)" "none is attached beside another list" "$(cat "$SCRATCH/log/sign")"
rm -f "$list" "$list.p7s" "$catalogs"/*
is "an attached one" signs "$area/tree" --key "$keys/build.key" --certificate "$keys/build.pem" --output "$list" --attached
openssl cms -verify -binary -inform DER -in "$list.p7s" -CAfile "$keys/build.pem" -purpose any 2> /dev/null | sha256sum --quiet -c
check $? "openssl and sha256sum take that, too"
cp "$list.p7s" "$catalogs" && ctl reload > /dev/null
expect_allowed "what it lists" "$area/tree/tool"
rm -f "$list.p7s"
signs "$area/tree" --key "$keys/build.key" --certificate "$keys/vendor.pem" --output "$list"
check "$([ $? = 1 ] && grep -q 'certificate is of another key' "$SCRATCH/log/sign" && [ ! -e "$list" ]; echo $?)" \
	"another key's certificate is refused and nothing is written" "$(cat "$SCRATCH/log/sign")"
signs "$area/tree" "$area/nothing" --key "$keys/build.key" --certificate "$keys/build.pem" --output "$list"
check "$([ $? = 1 ] && grep -q 'nothing was signed' "$SCRATCH/log/sign" && [ ! -e "$list" ]; echo $?)" \
	"a tree that cannot be read whole is not signed" "$(cat "$SCRATCH/log/sign")"
openssl req -x509 -newkey rsa:1024 -nodes -keyout "$keys/weak.key" -out "$keys/weak.pem" -days 3 -subj /CN=weak 2> /dev/null
signs "$area/tree" --key "$keys/weak.key" --certificate "$keys/weak.pem" --output "$list"
check "$([ $? = 1 ] && grep -q 'too weak' "$SCRATCH/log/sign"; echo $?)" "a weak key is refused" "$(cat "$SCRATCH/log/sign")"
module=$(find /usr/lib -name libsofthsm2.so 2> /dev/null | head -n 1)
if [ -n "$module" ]; then
	mkdir "$SCRATCH/tokens" && echo "directories.tokendir = $SCRATCH/tokens" > "$SCRATCH/softhsm.conf"
	export SOFTHSM2_CONF=$SCRATCH/softhsm.conf
	openssl pkcs8 -topk8 -nocrypt -in "$keys/vendor.key" -out "$SCRATCH/token.pem"
	softhsm2-util --init-token --free --label acme --pin 1234 --so-pin 12345678 > /dev/null 2>&1
	softhsm2-util --import "$SCRATCH/token.pem" --token acme --label vendor --id 01 --pin 1234 > /dev/null 2>&1
	rm -f "$SCRATCH/token.pem" "$catalogs"/*
	echo 1234 > "$SCRATCH/pin"
	is "a catalog by a key in a token" signs "$area/tree" --key "pkcs11:token=acme;object=vendor?module-path=$module" \
		--certificate "$keys/vendor.pem" --passphrase-file "$SCRATCH/pin" --output "$list"
	is "openssl and sha256sum take that too" publicly_good "$list" vendor
	cp "$list" "$list.p7s" "$catalogs" && ctl reload > /dev/null
	expect_allowed "what it lists" "$area/tree/tool"
	echo 9999 > "$SCRATCH/pin"
	signs "$area/tree" --key "pkcs11:token=acme;object=vendor?module-path=$module" \
		--certificate "$keys/vendor.pem" --passphrase-file "$SCRATCH/pin" --output "$list.other"
	check "$([ $? = 1 ] && grep -q 'PIN is wrong' "$SCRATCH/log/sign"; echo $?)" "a wrong PIN" "$(cat "$SCRATCH/log/sign")"
fi
