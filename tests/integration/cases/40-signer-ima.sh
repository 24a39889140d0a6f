# SPDX-License-Identifier: MIT
# where: host
# Files signed by evmctl into security.ima: allowed by the key that the policy
# names, and by nothing else.
. "$(dirname "$0")/../lib.sh"
set -- $AREAS
area=$1 other_area=$2
keys=$SCRATCH/keys
mkdir -p "$keys" "$SCRATCH/log"
# Not on a protected filesystem: what the tests sign with, unlisted on purpose.
new_key() { openssl req -x509 -newkey "$2" ${3:+-pkeyopt "$3"} -nodes -keyout "$keys/$1.key" -out "$keys/$1.pem" \
	-days 30 -subj "/CN=$1" 2> "$SCRATCH/log/openssl"; }
new_key build rsa:2048 && new_key vendor ec ec_paramgen_curve:P-384 && new_key stranger rsa:2048
sign() { evmctl ima_sign -a "$2" --key "$keys/$1.key" "$3" > "$SCRATCH/log/evmctl" 2>&1; }

# signer_policy VERSION RULE...: what the tests need, and these rules by signer.
signer_policy()
{
	local version=$1
	shift
	"$GUARDCTL" scan "$LISTED" --mode enforce --id test --output "$SCRATCH/etc/policy.conf" > "$SCRATCH/log/scan" 2>&1
	sed -i "s/version = [0-9]*;/version = $version;/" "$SCRATCH/etc/policy.conf"
	# evmctl reads what nobody vouches for yet.
	printf 'readers = [ "/usr/bin/evmctl", "/usr/bin/cp", "/usr/bin/fsverity", "/usr/bin/sha256sum" ];\ngroups = ( { name = "signed"; rules = (\n%s\n); } );\n' "$*" > "$SCRATCH/etc/signers.conf"
	"$GUARDCTL" policy build "$SCRATCH/etc/policy.conf" "$SCRATCH/etc/signers.conf" --output "$IMAGE" \
		> "$SCRATCH/log/build" 2>&1
}
by() { printf '{ signers = ( { provider = "ima"; certificate = "%s/%s.pem"; } ); }' "$keys" "$1"; }

mkdir -p "$SCRATCH/etc"
rm -rf "$SCRATCH/state" "$SCRATCH/run"
signer_policy 1 "$(by build), $(by vendor)" && write_config && launch_guardd
check $? "the daemon starts with a policy by signer" "$(cat "$SCRATCH/log/build")"

for hash in sha256 sha384 sha512; do
	evil payload "$area/rsa-$hash"
	expect_denied "before it is signed ($hash)" "$area/rsa-$hash"
	is "evmctl signs by RSA, $hash" sign build $hash "$area/rsa-$hash"
	expect_allowed "signed by RSA, $hash" "$area/rsa-$hash"
	expect_allowed "the same once more" "$area/rsa-$hash"
done
evil payload "$area/ec"
sign vendor sha256 "$area/ec"
expect_allowed "signed by ECDSA P-384, SHA-256" "$area/ec"
evil payload "$other_area/ec"
sign vendor sha512 "$other_area/ec"
expect_allowed "signed on a tmpfs" "$other_area/ec"

# A signature is of one content.
cp --preserve=xattr "$area/rsa-sha256" "$area/flipped"
chmod 755 "$area/flipped"
expect_allowed "a copy with its signature" "$area/flipped"
flip "$area/flipped"
expect_denied "one byte flipped" "$area/flipped"
cp "$area/rsa-sha256" "$area/bare" && chmod 755 "$area/bare"
expect_denied "a copy without its signature" "$area/bare"
evil payload "$area/borrowed"
value=$(getfattr --absolute-names --only-values -n security.ima "$area/rsa-sha256" | xxd -p | tr -d '\n')
setfattr -n security.ima -v "0x$value" "$area/borrowed"
expect_denied "the signature of another file" "$area/borrowed"
evil payload "$area/strange"
sign stranger sha256 "$area/strange"
expect_denied "signed by another key" "$area/strange"
evil payload "$area/sha1"
sign build sha1 "$area/sha1"
expect_denied "signed over SHA-1" "$area/sha1"
evmctl ima_hash -a sha256 "$area/bare" > /dev/null 2>&1
expect_denied "a hash in the place of a signature" "$area/bare"

# Version 3: over struct ima_file_id, of the content's hash (type 3) or of its
# fs-verity digest (type 6), which the kernel need not know.
# file_id_of TYPE FILE: type, SHA-256, digest, as hex.
file_id_of()
{
	case $1 in
	3) printf '0304%s' "$(sha256sum "$2" | cut -c 1-64)" ;;
	6) printf '0604%s' "$(fsverity digest --compact "$2")" ;;
	esac
}
# sign_3 KEY TYPE FILE [OF]: what evmctl of ima-evm-utils 1.6 makes with --v3, --veritysig.
sign_3()
{
	local id size
	evmctl ima_sign -a sha256 --key "$keys/$1.key" "$3" > /dev/null 2>&1
	id=$(getfattr --absolute-names --only-values -n security.ima "$3" | xxd -p | tr -d '\n' | cut -c 7-14)
	file_id_of "$2" "${4:-$3}" | xxd -r -p | openssl dgst -sha256 -sign "$keys/$1.key" -out "$SCRATCH/signature"
	size=$(printf '%04x' "$(stat -c %s "$SCRATCH/signature")")
	setfattr -n security.ima -v "0x0${2}0304$id$size$(xxd -p "$SCRATCH/signature" | tr -d '\n')" "$3"
}
types=3
if command -v fsverity > /dev/null; then types="3 6"; else skip "fs-verity digests" "fsverity is not installed"; fi
for type in $types; do
	evil payload "$area/v3"
	sign_3 build "$type" "$area/v3"
	expect_allowed "signed by RSA, version 3, type $type" "$area/v3"
	flip "$area/v3"
	expect_denied "one byte of it flipped" "$area/v3"
	evil payload "$area/v3ec"
	sign_3 vendor "$type" "$area/v3ec"
	expect_allowed "signed by ECDSA, version 3, type $type" "$area/v3ec"
	sign_3 stranger "$type" "$area/v3ec"
	expect_denied "signed by another key, version 3, type $type" "$area/v3ec"
	sign_3 build "$type" "$area/v3ec" "$LISTED/payload"
	expect_denied "signed for another content, version 3, type $type" "$area/v3ec"
	evil payload "$area/v3kept-$type"
	sign_3 vendor "$type" "$area/v3kept-$type"
	expect_allowed "by a key that is revoked below, version 3, type $type" "$area/v3kept-$type"
done
# The one type's signature given out as the other's.
evil payload "$area/v3" && sign_3 build 3 "$area/v3"
v3=$(getfattr --absolute-names --only-values -n security.ima "$area/v3" | xxd -p | tr -d '\n')
setfattr -n security.ima -v "0x06${v3:2}" "$area/v3"
expect_denied "a signature of type 3 as type 6" "$area/v3"
try "$GUARDCTL" signers "$area/v3" --policy "$IMAGE" --state "$SCRATCH/state"
check "$([ "$RC" = 1 ] && grep -q 'ima: bad' <<< "$OUT"; echo $?)" "and signers says that it is bad" "$OUT"
setfattr -n security.ima -v "0x0302${v3:4}" "$area/v3"
expect_denied "a signature of version 3 as version 2" "$area/v3"

# Bytes that are no signature at all.
for bad in 03 0302 030204 "${value:0:20}" "${value}00" "${value:0:14}ffff${value:18}" "$(head -c 900 /dev/urandom | xxd -p | tr -d '\n')" \
	"0302$(head -c 500 /dev/urandom | xxd -p | tr -d '\n')"; do
	setfattr -n security.ima -v "0x$bad" "$area/borrowed"
	expect_denied "malformed: ${#bad} digits" "$area/borrowed"
done
expect_allowed "signed by RSA, after all that" "$area/rsa-sha256"

# A deny rule beats a signer; another policy, other keys.
signer_policy 2 "$(by build), $(by vendor), { action = \"deny\"; signers = ( { provider = \"ima\"; certificate = \"$keys/vendor.pem\"; } ); }" &&
	ctl reload > "$SCRATCH/log/reload" 2>&1
check $? "a policy that denies the vendor" "$(cat "$SCRATCH/log/build" "$SCRATCH/log/reload")"
expect_denied "what its denied key signed" "$area/ec"
for type in $types; do
	expect_denied "what its denied key signed, version 3, type $type" "$area/v3kept-$type"
done
expect_allowed "what the other key signed" "$area/rsa-sha512"
signer_policy 3 "$(by stranger)" && ctl reload > "$SCRATCH/log/reload" 2>&1
expect_denied "by a key that is not named any more" "$area/rsa-sha256"
expect_allowed "by the key that is named now" "$area/strange"

# A library that is loaded, and a new version in the same place.
signer_policy 4 "$(by build)" && ctl reload > /dev/null 2>&1
evil payload "$area/update" && sign build sha256 "$area/update"
expect_allowed "version 1" "$area/update"
evil payload "$area/update.new" && sign build sha256 "$area/update.new" && mv "$area/update.new" "$area/update"
expect_allowed "version 2 in its place, with no change of the policy" "$area/update"

# One inspector for each file: those that wait have ended when files were looked at, and
# others have taken their places.
inspectors() { local pid; for pid in $(guard_pids); do case $(cat "/proc/$pid/comm" 2> /dev/null) in guardd-inspect1) echo "$pid" ;; esac; done; }
are_waiting() { [ "$(inspectors | wc -l)" = 8 ]; }
has_ended() { local pid; for pid in "$@"; do case $(cat "/proc/$pid/comm" 2> /dev/null) in guardd-inspect*) return 1 ;; esac; done; }
is "eight inspectors wait" wait_for 10 are_waiting
waiting=$(inspectors)
for pid in $waiting; do
	limits=$(awk '/^Max (data size|processes|cpu time|file size)/ { printf "%s ", $(NF - 2) }' "/proc/$pid/limits")
	[ "$limits" = "2 0 100663296 0 " ] && grep -q '^Seccomp:.*2' "/proc/$pid/status" &&
		[ "$(awk '/^Seccomp_filters/ { print $2 }' "/proc/$pid/status")" -gt "$(awk '/^Seccomp_filters/ { print $2 }' "/proc/$(cut -d ' ' -f 4 "/proc/$pid/stat")/status")" ] || break
	limits=
done
check "$([ -z "$limits" ]; echo $?)" "and are shut in before there is a question" "$limits $(cat "/proc/$pid/limits" "/proc/$pid/status" 2>&1)"
# One that was about to wait has its turn behind others: hence more than eight.
for i in $(seq 20); do evil payload "$area/one-$i" && sign build sha256 "$area/one-$i"; done
for i in $(seq 20); do "$area/one-$i" > /dev/null 2>&1; done
# shellcheck disable=SC2086
is "each has looked at one file and ended" wait_for 5 has_ended $waiting
is "others have taken their places" wait_for 5 are_waiting

# A storm: far more files than wait, at once.
for i in $(seq 40); do
	evil payload "$area/storm-$i"
	sign "$([ $((i % 4)) = 0 ] && echo stranger || echo build)" sha256 "$area/storm-$i"
done
fresh_mark
for i in $(seq 40); do { "$area/storm-$i" > /dev/null 2>&1; echo "$i $?" >> "$SCRATCH/storm"; } & done
wait $(jobs -p)
check "$([ "$(awk '$1 % 4 == 0 ? $2 == 126 : $2 == 0' "$SCRATCH/storm" | wc -l)" = 40 ]; echo $?)" "a storm of files is told apart" "$(sort -n "$SCRATCH/storm" | tr '\n' ',')"
is "and the reserve is full again" wait_for 5 are_waiting

# The process that starts inspectors dies, or hangs: nothing is allowed meanwhile,
# nothing stays denied.
inspect_pid() { local pid; for pid in $(guard_pids); do [ "$(cat "/proc/$pid/comm" 2> /dev/null)" != guardd-inspect ] || echo "$pid"; done | sort -n | head -n 1; }
evil payload "$area/late" && sign build sha256 "$area/late"
inspect=$(inspect_pid)
kill -KILL "$inspect"
expect_allowed "signed, while inspect is started again" "$area/late"
another() { [ -n "$(inspect_pid)" ] && [ "$(inspect_pid)" != "$inspect" ]; }
is "another inspect has taken its place" wait_for 5 another
evil payload "$area/later" && sign build sha256 "$area/later"
# With those that wait for a question already.
inspectors() { local pid; for pid in $(guard_pids); do case $(cat "/proc/$pid/comm" 2> /dev/null) in guardd-inspect*) echo "$pid" ;; esac; done; }
kill -STOP "$(inspect_pid)"
# shellcheck disable=SC2046
kill -STOP $(inspectors)
expect_denied "signed, while inspect hangs" "$area/later"
expect_allowed "listed, while inspect hangs" "$LISTED/payload"
# shellcheck disable=SC2046
kill -CONT $(inspectors)
expect_allowed "signed, when it goes on" "$area/later"
uids=$(awk '/^Uid:/ { print $2, $3, $4, $5 }' "/proc/$(inspect_pid)/status")
check "$(case " $uids " in *" 0 "*) echo 1 ;; *) echo 0 ;; esac)" "inspect is not root" "$uids"
check "$(grep -q '^Seccomp:.*2' "/proc/$(inspect_pid)/status" && grep -q '^CapEff:.*0000000000000000' "/proc/$(inspect_pid)/status"; echo $?)" \
	"inspect has a list of system calls and no capability"

# Nobody outlives the daemon.
all=$(inspectors)
is "the daemon ends" stop_guardd
# shellcheck disable=SC2086
is "and no inspector is left" wait_for 5 has_ended $all
