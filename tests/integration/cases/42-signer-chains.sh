# SPDX-License-Identifier: MIT
# where: host, long
# Signatures whose key the policy does not name, by certificates that an authority
# of the policy issued: times, uses, revocation, serial numbers, time stamps.  All
# made with openssl(1).
. "$(dirname "$0")/../lib.sh"
set -- $AREAS
area=$1
keys=$SCRATCH/keys
catalogs=$SCRATCH/state-catalogs
mkdir -p "$keys" "$SCRATCH/log" "$SCRATCH/etc" "$catalogs"
cat > "$keys/x.cnf" <<'END'
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[short]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign
[code]
keyUsage = critical, digitalSignature
extendedKeyUsage = codeSigning
[web]
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
[crypt]
keyUsage = critical, keyEncipherment
extendedKeyUsage = codeSigning
[odd]
keyUsage = critical, digitalSignature
extendedKeyUsage = codeSigning
1.2.3.4.5 = critical, ASN1:NULL
[stamp]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[list]
default_ca = list_ca
[list_ca]
database = index.txt
default_md = sha256
default_crl_days = 30
[tsa]
default_tsa = tsa_one
[tsa_one]
serial = tsa.serial
default_policy = 1.2.3.4
digests = sha256
signer_digest = sha256
ess_cert_id_alg = sha256
END
# certificate NAME SUBJECT EXTENSIONS ISSUER SERIAL [DIGEST [BEGIN END]]
certificate()
{
	[ -e "$keys/$1.key" ] || openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$keys/$1.key" 2> /dev/null
	openssl req -new -key "$keys/$1.key" -subj "$2" -out "$keys/$1.csr" 2>> "$SCRATCH/log/openssl" &&
		openssl x509 -req -in "$keys/$1.csr" -CA "$keys/$4.pem" -CAkey "$keys/$4.key" -set_serial "$5" -days 30 \
			-"${6:-sha256}" -extfile "$keys/x.cnf" -extensions "$3" -out "$keys/$1.pem" 2>> "$SCRATCH/log/openssl"
}
root()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$keys/$1.key" -out "$keys/$1.pem" \
		-days 90 -subj "/O=Acme/CN=$1" -config "$keys/root.cnf" 2>> "$SCRATCH/log/openssl"
}
printf '[req]\ndistinguished_name = dn\nx509_extensions = ca\nprompt = no\n[dn]\nCN = x\n[ca]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign, digitalSignature\n' > "$keys/root.cnf"
root ours && root theirs && root clock
certificate build "/O=Acme/OU=Tools/CN=Acme build" code ours 0x0a1b
certificate other "/O=Acme/CN=Acme other" code ours 0x0a1c
certificate revoked "/O=Acme/CN=Acme lost" code ours 0x77
certificate web "/O=Acme/CN=Acme web" web ours 5
certificate crypt "/O=Acme/CN=Acme crypt" crypt ours 6
certificate odd "/O=Acme/CN=Acme odd" odd ours 7
certificate sha1 "/O=Acme/CN=Acme old" code ours 8 sha1
certificate foreign "/O=Acme/CN=Acme build" code theirs 0x0a1b
certificate middle "/O=Acme/CN=Acme middle" short ours 9
certificate below "/O=Acme/CN=Acme below" code middle 10
certificate leafy "/O=Acme/CN=Acme leafy" code build 11 # issued by what may not
certificate lower "/O=Acme/CN=Acme lower" ca middle 12
certificate toolow "/O=Acme/CN=Acme too low" code lower 13
certificate stamper "/O=Clock/CN=Clock" stamp clock 2
# One in the past and one in the future.
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$keys/short.key" 2> /dev/null
cp "$keys/short.key" "$keys/early.key"
dated()
{
	(cd "$keys" && mkdir -p ca && : > ca/index && echo "$4" > ca/serial &&
		openssl req -new -key "$1.key" -subj "/O=Acme/CN=Acme $1" -out "$1.csr" &&
		printf '[ca]\ndefault_ca=a\n[a]\nnew_certs_dir=ca\ndatabase=ca/index\nserial=ca/serial\ndefault_md=sha256\npolicy=p\n[p]\norganizationName=optional\ncommonName=optional\n' > ca/cnf &&
		openssl ca -batch -config ca/cnf -cert ours.pem -keyfile ours.key -startdate "$2" -enddate "$3" \
			-extfile x.cnf -extensions code -notext -in "$1.csr" -out "$1.pem") 2>> "$SCRATCH/log/openssl" > /dev/null
}
dated short "$(date -u -d '-20 days' +%Y%m%d%H%M%SZ)" "$(date -u -d '-1 day' +%Y%m%d%H%M%SZ)" 20
dated early "$(date -u -d '+9 days' +%Y%m%d%H%M%SZ)" "$(date -u -d '+20 days' +%Y%m%d%H%M%SZ)" 21
(cd "$keys" && printf 'R\t%s\t%s\t77\tunknown\t/O=Acme/CN=Acme lost\n' "$(date -u -d '+20 days' +%y%m%d%H%M%SZ)" \
	"$(date -u +%y%m%d%H%M%SZ)" > index.txt && openssl ca -config x.cnf -name list_ca -gencrl -cert ours.pem \
	-keyfile ours.key -out ours.crl) 2>> "$SCRATCH/log/openssl"

cms() { openssl cms -sign -binary -outform DER -signer "$keys/$1.pem" -inkey "$keys/$1.key" -in "$2" -out "$3" "${@:4}" 2>> "$SCRATCH/log/openssl"; }
behind() # CONTENT CMS TO: as scripts/sign-file of the kernel
{
	{ cat "$1" "$2" && printf '\0\0\2\0\0\0\0\0' && printf '%08x' "$(stat -c %s "$2")" | xxd -r -p &&
		printf '~Module signature appended~\n'; } > "$3" && chmod 755 "$3"
}
append() { cms "$1" "$2" "$SCRATCH/cms" "${@:4}" && behind "$2" "$SCRATCH/cms" "$3"; }
signer_policy() # VERSION RULES
{
	"$GUARDCTL" scan "$LISTED" --mode enforce --id test --output "$SCRATCH/etc/policy.conf" > "$SCRATCH/log/scan" 2>&1
	sed -i "s/version = [0-9]*;/version = $1;/" "$SCRATCH/etc/policy.conf"
	printf 'readers = [ "/usr/bin/*sum", "/usr/bin/cp", "/usr/bin/sed" ];\ngroups = ( { name = "signed"; rules = (\n%s\n); } );\n' \
		"$2" > "$SCRATCH/etc/signers.conf"
	"$GUARDCTL" policy build "$SCRATCH/etc/policy.conf" "$SCRATCH/etc/signers.conf" --output "$IMAGE" \
		> "$SCRATCH/log/build" 2>&1
}
take_policy() { signer_policy "$1" "$2" && ctl reload > "$SCRATCH/log/reload" 2>&1; }
# by PROVIDER AUTHORITY SETTINGS NOTHING ACTION
by() { printf '{ %s signers = ( { provider = "%s"; certificate = "%s/%s.pem"; %s } ); }' "${5:-}" "$1" "$keys" "$2" "${3:-}"; }
crl="crl = \"$keys/ours.crl\";"
why_now() { "$GUARDCTL" --socket "$SOCKET" why "$1" 2>&1; }
why_has() { why_now "$2" | grep -q "$1"; }
why_says() { wait_for 5 why_has "$1" "$2"; check $? "why: $1" "$(why_now "$2")"; }

# A token over the signature, by `openssl ts`, in its unsigned attributes: what it
# takes from the CMS and puts into it is plain DER.
stamp() # CMS WHEN TO
{
	python3 - "$1" "$SCRATCH/sig" get <<'END' && (cd "$keys" && faketime_tsa "$2") && python3 - "$1" "$SCRATCH/token" put "$3" <<'END2'
import sys
def head(b, at):
    n = b[at + 1]; h = 2
    if n & 128:
        k = n & 127; n = int.from_bytes(b[at + 2:at + 2 + k], 'big'); h += k
    return h, n
def down(b, at): return at + head(b, at)[0]
def over(b, at): h, n = head(b, at); return at + h + n
b = open(sys.argv[1], 'rb').read()
at = down(b, 0); at = down(b, over(b, at)); at = down(b, at)
for _ in range(3): at = over(b, at)
while b[at] in (0xa0, 0xa1): at = over(b, at)
at = down(b, down(b, at))
for _ in range(3): at = over(b, at)
if b[at] == 0xa0: at = over(b, at)
at = over(b, at)
h, n = head(b, at)
open(sys.argv[2], 'wb').write(b[at + h:at + h + n])
END
import sys
def head(b, at):
    n = b[at + 1]; h = 2
    if n & 128:
        k = n & 127; n = int.from_bytes(b[at + 2:at + 2 + k], 'big'); h += k
    return h, n
def tlv(tag, body):
    n = len(body)
    size = bytes([n]) if n < 128 else bytes([0x80 | (n.bit_length() + 7) // 8]) + n.to_bytes((n.bit_length() + 7) // 8, 'big')
    return bytes([tag]) + size + body
def parts(b):
    at = 0; out = []
    while at < len(b):
        h, n = head(b, at); out.append((b[at], b[at + h:at + h + n])); at += h + n
    return out
def join(all): return b''.join(tlv(t, v) for t, v in all)
b = open(sys.argv[1], 'rb').read(); token = open(sys.argv[2], 'rb').read()
outer = parts(parts(b)[0][1])
signed = parts(parts(outer[1][1])[0][1])
infos = parts(signed[-1][1]); info = parts(infos[0][1])
oid = bytes.fromhex('060b2a864886f70d010910020e')
info.append((0xa1, tlv(0x30, oid + tlv(0x31, token))))
signed[-1] = (signed[-1][0], tlv(0x30, join(info)))
open(sys.argv[4], 'wb').write(tlv(0x30, tlv(*outer[0]) + tlv(0xa0, tlv(0x30, join(signed)))))
END2
}
faketime_tsa()
{
	[ -e tsa.serial ] || echo 01 > tsa.serial
	openssl ts -query -data "$SCRATCH/sig" -sha256 -cert -out "$SCRATCH/tsq" 2>> "$SCRATCH/log/openssl" &&
		openssl ts -reply -config x.cnf -section tsa_one -queryfile "$SCRATCH/tsq" -signer "$1.pem" -inkey "$1.key" \
			-token_out -out "$SCRATCH/token" 2>> "$SCRATCH/log/openssl"
}

rm -rf "$SCRATCH/state" "$SCRATCH/run"
signer_policy 1 "$(by appended ours "$crl")" && write_config "catalogs = \"$catalogs\";" && launch_guardd
check $? "the daemon starts with an authority and its revocation list" "$(cat "$SCRATCH/log/build")"

# ---- appended, by certificates of ours -------------------------------------------
evil payload "$SCRATCH/plain"
# One that ends while this case runs; looked at again at its end.
cp "$keys/short.key" "$keys/brief.key"
brief_end=$(($(date +%s) + 25))
dated brief "$(date -u -d '-1 day' +%Y%m%d%H%M%SZ)" "$(date -u -d "@$brief_end" +%Y%m%d%H%M%SZ)" 22
append brief "$SCRATCH/plain" "$area/brief"
stamp "$SCRATCH/cms" stamper "$SCRATCH/cms.brief" && behind "$SCRATCH/plain" "$SCRATCH/cms.brief" "$area/brief-stamped"
expect_allowed "by a certificate that ends soon" "$area/brief"
append build "$SCRATCH/plain" "$area/tool"
expect_allowed "by a certificate that the authority issued" "$area/tool"
expect_allowed "the same once more" "$area/tool"
sed 's/GUARD-SWITCH:Y:0/GUARD-SWITCH:Y:1/' "$area/tool" > "$area/flipped" && chmod 755 "$area/flipped"
expect_denied "one byte flipped" "$area/flipped"
append build "$SCRATCH/plain" "$area/bare" -nocerts
expect_denied "without its certificate" "$area/bare"
refused() # NAME WORDS
{
	append "$1" "$SCRATCH/plain" "$area/$1" "${@:3}"
	expect_denied "by the certificate $1" "$area/$1"
	why_says "$2" "$area/$1"
}
refused foreign "by no key that the policy names"
refused revoked "is on the policy.s revocation list"
refused web "its extended key usage lacks codeSigning"
refused crypt "its key usage lacks digitalSignature"
refused odd "has the critical extension 1.2.3.4.5"
refused sha1 "is signed with ecdsa-with-SHA1"
refused short "CN=Acme short expired on"
refused early "CN=Acme early is not valid before"
refused leafy "CN=Acme build may not issue others" -certfile "$keys/build.pem" 
append below "$SCRATCH/plain" "$area/below" -certfile "$keys/middle.pem"
expect_allowed "through an authority in between" "$area/below"
cat "$keys/lower.pem" "$keys/middle.pem" > "$keys/both.pem"
refused toolow "may not have that many below it" -certfile "$keys/both.pem"

# ---- time stamps, by the policy ------------------------------------------------------
append build "$SCRATCH/plain" "$area/stamped"
cms build "$SCRATCH/plain" "$SCRATCH/cms"
is "a time stamp is put to a signature" stamp "$SCRATCH/cms" stamper "$SCRATCH/cms.stamped"
is "openssl reads it" openssl cms -cmsout -print -inform DER -in "$SCRATCH/cms.stamped" -noout
behind "$SCRATCH/plain" "$SCRATCH/cms.stamped" "$area/stamped"
take_policy 2 "$(by appended ours "$crl timestamp = \"$keys/clock.pem\";")"
check $? "a policy with an authority for time stamps" "$(cat "$SCRATCH/log/build" "$SCRATCH/log/reload")"
expect_allowed "signed and stamped" "$area/stamped"

# What was stamped while its certificate was good stays good; the stamp of nobody
# known does not help, nor one of after the end.
cms short "$SCRATCH/plain" "$SCRATCH/cms"
is "a time stamp of today is put to a signature" stamp "$SCRATCH/cms" stamper "$SCRATCH/cms.stamped"
behind "$SCRATCH/plain" "$SCRATCH/cms.stamped" "$area/late"
expect_denied "stamped after its certificate had ended" "$area/late"
why_says "CN=Acme short expired on" "$area/late"

# ---- who may vouch, and who may not --------------------------------------------------
certificate build2 "/O=Acme/OU=Tools/CN=Acme build 2" code ours 0x0a1d
append build2 "$SCRATCH/plain" "$area/tool2"
append other "$SCRATCH/plain" "$area/other"
take_policy 3 "$(by appended ours "$crl subject = \"OU=Tools\";")"
check $? "a policy for one part of what the authority issued" "$(cat "$SCRATCH/log/build" "$SCRATCH/log/reload")"
expect_allowed "its subject has the attribute" "$area/tool"
expect_denied "another subject" "$area/other"
try $CTL explain "$area/tool"
check "$(grep -q 'appended, OU=Tools, issued by the key [0-9a-f]\{64\}\.$' <<< "$OUT"; echo $?)" "explain says what of the certificate counted" "$OUT"
take_policy 4 "$(by appended ours "$crl"), $(by appended ours 'serial = "0A:1B";' '' 'action = "deny";')"
check $? "a policy that denies a serial number" "$(cat "$SCRATCH/log/build" "$SCRATCH/log/reload")"
expect_denied "the serial number that is denied" "$area/tool"
expect_allowed "another serial number" "$area/tool2"
take_policy 5 "$(by appended ours "$crl"), $(by appended ours '' '' 'action = "deny";')"
expect_denied "its authority is denied" "$area/tool2"
print=$(openssl x509 -in "$keys/ours.pem" -noout -fingerprint -sha256 | cut -d = -f 2)
take_policy 5 "$(by appended ours "$crl fingerprint = \"$print\";")"
check $? "a policy that makes sure of the certificate" "$(cat "$SCRATCH/log/build" "$SCRATCH/log/reload")"
expect_allowed "by the authority of that fingerprint" "$area/tool2"
take_policy 5 "$(by appended ours "$crl"), { action = \"deny\"; signers = ( { provider = \"appended\"; fingerprint = \"$print\"; } ); }"
expect_denied "its authority is denied by its fingerprint" "$area/tool2"

# ---- catalogs ---------------------------------------------------------------------------
for name in one two three; do evil payload "$area/$name"; (cd "$area" && sha256sum "$name") > "$catalogs/$name.sha256"; done
cms build "$catalogs/one.sha256" "$catalogs/one.sha256.p7s"
cms revoked "$catalogs/two.sha256" "$catalogs/two.sha256.p7s"
cms foreign "$catalogs/three.sha256" "$catalogs/three.sha256.p7s"
take_policy 6 "$(by catalog ours "$crl")"
check $? "a policy with catalogs of an authority" "$(cat "$SCRATCH/log/build" "$SCRATCH/log/reload")"
expect_allowed "in a catalog by its certificate" "$area/one"
cp "$area/one" "$area/one-flipped" && chmod 755 "$area/one-flipped" && flip "$area/one-flipped"
expect_denied "one byte of it flipped" "$area/one-flipped"
expect_denied "in one by a revoked certificate" "$area/two"
why_says "revocation list" "$area/two"
expect_denied "in one by another authority's certificate" "$area/three"
check "$(ctl status | grep -q 'do not count'; echo $?)" "status says that there are catalogs which do not count" "$(ctl status)"
told() { ctl events | grep -q 'three.sha256.p7s does not count: it is signed by no key'; }
is "the ledger says which and why" wait_for 10 told

# ---- guardctl signers --------------------------------------------------------------------
signers() { "$GUARDCTL" signers "$@" --catalogs "$catalogs" --policy "$SCRATCH/etc/signers.conf" 2>&1; }
printf 'policy = { id = "t"; version = 1; expires = "2100-01-01T00:00:00Z"; mode = "enforce"; };\n' >> "$SCRATCH/etc/signers.conf"
sed -i 's/^{ *signers = ( { provider = "catalog"/{ signers = ( { provider = "appended"; certificate = "ours.pem"; }, { provider = "catalog"/' "$SCRATCH/etc/signers.conf"
sed -i "s#\"ours.pem\"#\"$keys/ours.pem\"#" "$SCRATCH/etc/signers.conf"
signers_say() { local out; out=$(signers "$2"); check "$(grep -q "$1" <<< "$out"; echo $?)" "signers: $1" "$out"; }
signers_say "appended: good, ECDSA with sha256, by CN=Acme build, issued by the key" "$area/tool"
signers_say "appended: unknown.*not of this content" "$area/flipped"
signers_say "appended: refused, .*revocation list" "$area/revoked"
signers_say "appended: refused, .*expired on" "$area/short"
signers_say "appended: unknown, .*by no key that the policy names" "$area/foreign"
signers_say "catalog: good, one.sha256.p7s, .*by CN=Acme build" "$area/one"
signers_say "nobody has signed it" "$SCRATCH/plain"
head -c 3000 /dev/urandom > "$SCRATCH/noise" && behind "$SCRATCH/plain" "$SCRATCH/noise" "$SCRATCH/noisy"
signers_say "appended: unreadable: this is no DER CMS signature" "$SCRATCH/noisy"

# ---- what was stamped in time stays good -------------------------------------------------------
take_policy 8 "$(by appended ours "$crl timestamp = \"$keys/clock.pem\";")"
brief_is_over() { [ "$(date +%s)" -gt "$brief_end" ]; }
wait_for 60 brief_is_over
expect_denied "by a certificate that has ended meanwhile" "$area/brief"
why_says "CN=Acme brief expired on" "$area/brief"
expect_allowed "stamped before it ended" "$area/brief-stamped"
take_policy 9 "$(by appended ours "$crl")"
expect_denied "stamped by somebody whom the policy does not name" "$area/brief-stamped"

# ---- what the compiler refuses --------------------------------------------------------------
compiler_says()
{
	! signer_policy 10 "$2"
	check "$([ $? = 0 ] && grep -q "$1" "$SCRATCH/log/build"; echo $?)" "refused: $1" "$(cat "$SCRATCH/log/build")"
}
compiler_says "is not signed by the certificate beside it" "$(by appended theirs "$crl")"
compiler_says "has another fingerprint" "$(by appended theirs "fingerprint = \"$print\";")"
compiler_says "no certificate that the policy names before this" "{ signers = ( { provider = \"appended\"; fingerprint = \"$print\"; } ); }"
compiler_says "is no SHA-256 of a certificate" "$(by appended ours 'fingerprint = "12:34";')"
compiler_says "this one is none" "$(by appended build 'serial = "1";')"
compiler_says "are about certificates that a signature carries" "$(by ima ours 'serial = "1";')"
