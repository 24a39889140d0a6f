# SPDX-License-Identifier: MIT
# where: host
# The example company, from empty folders to enforcing machines, by the commands
# of the README: headquarters, the offices Osaka and Tokyo, a web server; nginx in
# between, each machine with a daemon and a filesystem of its own.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../repository.sh"
if ! "$GUARDCTL" help enroll > /dev/null 2>&1; then
	skip "the example company" "this build cannot enrol machines"
	exit 0
fi
company=$SCRATCH/acme
examples=$(cd "$(dirname "$0")/../../../policy/examples" && pwd)
WEB=$company/published
mounts= workers=
company_end()
{
	local mount name
	cd /
	stop_server
	for name in osaka tokyo web; do
		CONFIG=$SCRATCH/$name/guardd.conf
		kill_guardd 2> /dev/null
	done
	# shellcheck disable=SC2086 # numbers
	[ -z "$workers" ] || kill -KILL $workers 2> /dev/null
	for mount in $mounts; do
		umount "$mount" 2> /dev/null || umount -l "$mount" 2> /dev/null
	done
	case_end
}
trap company_end EXIT
hq() { try "$GUARDCTL" "$@"; check "$([ "$RC" = 0 ]; echo $?)" "guardctl $1 ${2:-}" "$* -> $RC $OUT"; }
publish() { hq repo publish --key keys/hq --key keys/online; }

# ---- headquarters ------------------------------------------------------------------------
mkdir -p "$company/keys" && cd "$company" || exit 1
for key in root-1 root-2 root-3 hq online osaka tokyo web kansai; do
	"$GUARDCTL" keys new keys/$key --unattended > /dev/null || fail "a key: $key"
done
hq repo init
sed -i 's|{ name = "desktop"; sources = \[ "hq.conf" \]; }|{ name = "desktop"; sources = [ "hq.conf", "local.conf", "listed.conf" ]; },\n  { name = "server"; sources = [ "server.conf", "local.conf", "listed.conf" ]; }|' repo.conf
hq repo init --key keys/root-1 --key keys/root-3
print=$(grep -oE '([0-9A-Z]{4}-){4}[0-9A-Z]{4}' <<< "$OUT")
"$GUARDCTL" scan "$LISTED" --fragment --output listed.conf > "$SCRATCH/log/scan" 2>&1 || fail "a scan of what may run"
printf 'forbidden' > "$SCRATCH/forbidden"
cp /usr/bin/sleep "$SCRATCH/worker" && printf '\n#worker' >> "$SCRATCH/worker"
# The example company of policy/, enforcing.
cp -R "$examples/." .
sed -i 's/mode = "audit";/mode = "enforce";/' hq.conf server.conf
sed -i 's/running = "record";/running = "end";/' server.conf
cat > local.conf <<- E
	groups = ( { name = "forbidden"; rules = ( { action = "deny"; sha256 = [ "$(sha256sum < "$SCRATCH/forbidden" | cut -c1-64)" ]; } ); },
	  { name = "worker"; rules = ( { sha256 = [ "$(sha256sum < "$SCRATCH/worker" | cut -c1-64)" ]; } ); } );
E
# A federation: Kansai is a member, with a key of its own; Osaka is a branch of it.
hq repo delegate kansai --key keys/kansai.pub
hq exception sign --office kansai --key keys/kansai
try "$GUARDCTL" repo delegate lost --key keys/osaka.pub --within nowhere
check "$([ "$RC" = 1 ] && grep -q 'no such office' <<< "$OUT"; echo $?)" "a branch of nothing" "$RC $OUT"
for office in osaka tokyo web; do
	within=; [ $office != osaka ] || within="--within kansai"
	profile=desktop; [ $office != web ] || profile=server
	hq repo delegate $office --key keys/$office.pub --hosts '*' --type $profile $within
	hq exception sign --office $office --key keys/$office
done
publish
make_certificates && start_server || { fail "a repository is served" "$(cat "$HQ"/nginx/*)"; exit 1; }

# ---- machines ------------------------------------------------------------------------------
# on NAME WORD...: guardctl on that machine.
on() { local name=$1; shift; timeout 40 "$GUARDCTL" --socket "$SCRATCH/$name/run/guard.sock" "$@"; }
field_of() { on "$1" --json status | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["repository"][sys.argv[1]])' "$2"; }
newest() { "$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))["signed"]["meta"]["snapshot.json"]["version"])' "$WEB/metadata/timestamp.json"; }
has_newest() { [ "$(field_of "$1" snapshot)" = "$(newest)" ] && [ "$(field_of "$1" state)" = ok ]; }
arrives() { local name; for name in osaka tokyo web; do on $name reload > /dev/null 2>&1; wait_for 30 has_newest $name || { on $name status; return 1; }; done; }

make_policy enforce "$LISTED"
for name in osaka tokyo web; do
	base=$SCRATCH/$name
	mkdir -p "$base/disk"
	mount -t tmpfs -o mode=755,size=16m "guard-test-$name" "$base/disk" && mounts="$mounts $base/disk"
	printf 'state_dir = "%s";\nrun_dir = "%s";\nbackend = "fanotify";\nprotect = { filesystems = ["%s"]; };\npolicy = { file = "%s"; };\n' \
		"$base/state" "$base/run" "$base/disk" "$IMAGE" > "$base/guardd.conf"
	setsid "$GUARDD" --config "$base/guardd.conf" --foreground > "$base/ready" 2>> "$SCRATCH/log/guardd" < /dev/null &
	disown
	is "guardd starts: $name" wait_for 20 grep -qx ready "$base/ready"
	good payload "$base/disk/listed"
	cp "$LISTED/payload" "$base/disk/kessan" && printf '\n#kessan' >> "$base/disk/kessan"
	try timeout 60 "$GUARDCTL" --socket "$base/run/guard.sock" enroll "$URL" --office $name --ca "$HQ/ca.pem" \
		--config "$base/guardd.conf" --interval 1 --fingerprint "$print"
	check "$([ "$RC" = 0 ]; echo $?)" "enrolled: $name" "$RC $OUT"
done
is "the policy arrives everywhere" arrives
check "$([ "$(field_of osaka profile)$(field_of web profile)" = desktopserver ]; echo $?)" "each has its profile"
for name in osaka tokyo web; do
	expect_allowed "what headquarters lists: $name" "$SCRATCH/$name/disk/listed"
	expect_denied "what nobody lists: $name" "$SCRATCH/$name/disk/kessan"
done

# ---- an exception for Osaka --------------------------------------------------------------------
hq exception add --office osaka --file "$SCRATCH/osaka/disk/kessan" --until 30d --id kessan --reason "yearly closing" \
	--key keys/osaka --key keys/online
# Within one interval, without anybody asking: the first check that Osaka makes after the
# publication brings it (the one under way when timestamp.json was replaced may not).
checks() { grep -E '/timestamp.json HTTP/1.1" (200|304) .* o=osaka ' "$HQ/nginx/access.log"; }
before=$(checks | wc -l)
is "the exception is in force in Osaka" wait_for 30 has_newest osaka
OUT=$(checks | tail -n "+$((before + 1))" | grep -nm 1 '" 200 ' | cut -d : -f 1)
check "$([ "${OUT:-0}" -le 2 ]; echo $?)" "within one interval of its publication" "$OUT $(checks | tail -n 5)"
cp "$LISTED/payload" "$SCRATCH/osaka/disk/kansai" && printf '\n#kansai' >> "$SCRATCH/osaka/disk/kansai"
cp "$SCRATCH/osaka/disk/kansai" "$SCRATCH/tokyo/disk/kansai"
hq exception add --office kansai --file "$SCRATCH/osaka/disk/kansai" --until 30d --id kansai --reason "for all of Kansai" \
	--key keys/kansai --key keys/online
is "it arrives" arrives
expect_allowed "the member's exception: in its branch" "$SCRATCH/osaka/disk/kansai"
expect_denied "the member's exception: not in another's" "$SCRATCH/tokyo/disk/kansai"
expect_allowed "the exception: Osaka" "$SCRATCH/osaka/disk/kessan"
expect_denied "the exception: not in Tokyo" "$SCRATCH/tokyo/disk/kessan"
expect_denied "the exception: not on the server" "$SCRATCH/web/disk/kessan"

# ---- it ends by itself ----------------------------------------------------------------------------
cp "$LISTED/payload" "$SCRATCH/osaka/disk/short" && printf '\n#short' >> "$SCRATCH/osaka/disk/short"
until=$(date -u -d '+6 seconds' +%Y-%m-%dT%H:%M:%SZ)
hq exception add --office osaka --file "$SCRATCH/osaka/disk/short" --until "$until" --id short --reason "a moment" \
	--key keys/osaka --key keys/online
is "the short one arrives" arrives
wait_for 20 eval "[ \$(date -u +%s) -gt $(date -u -d "$until" +%s) ]"
expect_denied "after its end" "$SCRATCH/osaka/disk/short"

# ---- headquarters denies -----------------------------------------------------------------------------
hq deny --file "$SCRATCH/osaka/disk/kessan" --id kessan --now --reason "notice 12" --key keys/hq --key keys/online
is "the denial arrives" arrives
expect_denied "not over a denial: Osaka" "$SCRATCH/osaka/disk/kessan"
expect_allowed "and the rest goes on" "$SCRATCH/osaka/disk/listed"

# ---- what runs when it is listed no more: ended, or recorded, as the profile says -----------------------
for name in osaka web; do
	cp "$SCRATCH/worker" "$SCRATCH/$name/disk/worker"
	"$SCRATCH/$name/disk/worker" 300 & disown
	workers="$workers $!"
done
# shellcheck disable=SC2086 # two numbers
set -- $workers
is "a worker runs in Osaka and on the server" kill -0 "$1" "$2"
sed -i 's/version = 12;/version = 13;/' hq.conf
sed -i 's/version = 4;/version = 5;/' server.conf
sed -i 's/name = "worker"; rules = ( {/& action = "deny";/' local.conf
publish
is "the change arrives" arrives
is "the server's profile ends it" wait_for 10 eval "! kill -0 $2 2> /dev/null"
is "the desktops' profile lets it go on" kill -0 "$1"
is "and records it" wait_for 10 eval "on osaka --json events --limit 100000 | grep -qE '[1-9][0-9]* files in use that the policy does not allow, 0 processes ended'"
expect_no_trace "and it does not start again" "$SCRATCH/osaka/disk/worker" 0
kill -KILL "$1" "$2" 2> /dev/null

# ---- watch it arrive ------------------------------------------------------------------------------------
try "$GUARDCTL" repo seen "$HQ/nginx/access.log"
check "$([ "$RC" = 0 ] && [ "$(grep -cE '^(osaka|tokyo|web) ' <<< "$OUT")" = 3 ]; echo $?)" "three machines are seen" "$RC $OUT"
check "$(! grep -q 'signature that is wrong' <<< "$OUT"; echo $?)" "and every line is genuine" "$OUT"
try "$GUARDCTL" repo publish --dry-run --key keys/hq --key keys/online --log "$HQ/nginx/access.log"
check "$([ "$RC" = 0 ] && grep -q '3 offices, 2 machines seen' <<< "$OUT"; echo $?)" "a dry run counts machines" "$RC $OUT"
try curl -s --cacert "$HQ/ca.pem" -o /dev/null -w '%{http_code} %{size_header}' \
	-H "If-None-Match: $(curl -sI --cacert "$HQ/ca.pem" "$URL/metadata/timestamp.json" | sed -n 's/^[Ee][Tt]ag: //p' | tr -d '\r')" \
	"$URL/metadata/timestamp.json"
check "$(grep -q '^304 ' <<< "$OUT"; echo $?)" "a check without a change is a 304 ($OUT bytes)" "$OUT"
