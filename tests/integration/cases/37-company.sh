# SPDX-License-Identifier: MIT
# where: host, long
# The example company of policy/, from empty folders to enforcing machines, by the
# very commands of the README's "An administrator's day": they are taken from there,
# line by line.  Headquarters with the web server, the offices Osaka and Tokyo and a
# server, each with a daemon, a filesystem and a network of its own.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../repository.sh"
if ! "$GUARDCTL" help enroll > /dev/null 2>&1; then
	skip "the example company" "this build cannot enrol machines"
	exit 0
fi
top=$(cd "$(dirname "$0")/../../.." && pwd)
company=$SCRATCH/acme
WEB=$company/published
OFFICES="honsha osaka tokyo web"
mounts= workers=
company_end()
{
	local mount name
	cd /
	stop_server
	for name in $OFFICES; do
		CONFIG=$SCRATCH/$name/guardd.conf
		kill_guardd 2> /dev/null
	done
	# shellcheck disable=SC2086 # numbers
	[ -z "$workers" ] || kill -KILL $workers 2> /dev/null
	for mount in $mounts "$HQ"/net/*; do
		mountpoint -q "$mount" || continue
		umount "$mount" 2> /dev/null || umount -l "$mount" 2> /dev/null
	done
	case_end
}
trap company_end EXIT

# ---- the README ------------------------------------------------------------------------------
# readme FILE WORD: the commands of the blocks that have WORD, in that file's
# administrator's day; without prompts, and what they print.
readme()
{
	awk -v word="$2" '
		/^##/{ day = /administrator|管理者の一日/ }
		!day{ next }
		/^```/{
			for (i = 1; i <= n && open && found; i++)
				if (!prompts || sub(/^\$ /, "", line[i]))
					print line[i]
			open = !open
			n = found = prompts = 0
			next
		}
		open{ line[++n] = $0; found = found || index($0, word); prompts = prompts || /^\$ / }' "$top/$1"
}
# Both languages show the same commands; what is explained or named in words may differ.
commands() { readme "$1" guardctl | sed 's/ *#.*//; s/"[^"]*"/""/g' | grep -v '^$'; }
check "$([ "$(commands README.md | wc -l)" -ge 20 ] && diff <(commands README.md) <(commands README.ja.md) > "$SCRATCH/log/languages"; echo $?)" \
	"the administrator's day has the same commands in both languages" "$(cat "$SCRATCH/log/languages")"

# What a person types beside the commands, and what is another thing here: passphrases;
# the PC that is scanned; the web server's log; the digest in a notice.
mkdir -p "$SCRATCH/bin"
printf 'correct horse battery\n' > "$SCRATCH/passphrase"
cat > "$SCRATCH/bin/guardctl" <<- E
	#!/bin/bash
	words=()
	for word; do
		case \$word in
		/) word=$LISTED ;;
		/var/log/nginx/access.log) word=$HQ/nginx/access.log ;;
		5b1d...) word=\$(cat "$SCRATCH/notice") ;;
		esac
		words+=("\$word")
	done
	case \$1 in
	scan) exec "$GUARDCTL" "\${words[@]}" ;;
	keys | repo | exception | deny) exec "$GUARDCTL" "\${words[@]}" --passphrase-file "$SCRATCH/passphrase" ;;
	enroll) set -- --config "$SCRATCH/\$GUARD_ON/guardd.conf" --interval 1 ;;
	*) set -- ;;
	esac
	exec "$GUARDCTL" --socket "$SCRATCH/\$GUARD_ON/run/guard.sock" "\${words[@]}" "\$@"
E
chmod 755 "$SCRATCH/bin/guardctl"
PATH=$SCRATCH/bin:$PATH
# follow WORD [SED]: the README's block, line by line; what they print is in log/typed.
# Each ends well, but for one that says it lacks a signature.
follow()
{
	local line wanted
	while read -r -u 4 line; do
		wanted=0
		case $line in *'lacks 1 signature'*) wanted=1 ;; esac
		eval "$line" > "$SCRATCH/log/line" 2>&1
		RC=$? OUT=$(cat "$SCRATCH/log/line")
		echo "$OUT" >> "$SCRATCH/log/typed"
		check "$([ "$RC" = $wanted ]; echo $?)" "typed: ${line%%  *#*}" "$RC $OUT"
		[ $wanted = 0 ] || said "and it says so" 'lacks 1 signature'
		case $line in *'fill it in') fill_in ;; esac
	done 4< <(readme README.md "$1" | sed -e ':join' -e '/\\$/{N; s/\\\n *//; b join' -e '}' -e "${2:-}")
}
hq() { try guardctl "$@"; check "$([ "$RC" = 0 ]; echo $?)" "guardctl $1 ${2:-}" "$* -> $RC $OUT"; }
publish() { hq repo publish --key keys/hq --key keys/online; }
# What took a passphrase once need not take its seconds (scrypt) again and again.
lighten() { local key; for key; do openssl pkey -in "$key" -passin "file:$SCRATCH/passphrase" -out "$key.light" && chmod 600 "$key.light" && mv "$key.light" "$key" || exit 1; done; }

# ---- headquarters ------------------------------------------------------------------------
fill_in()
{
	sed -i 's|{ name = "desktop"; sources = \[ "hq.conf" \]; }|&,\n  { name = "server"; sources = [ "hq.conf" ]; }|' repo.conf
	grep -q '"server"' repo.conf || fail "repo.conf is filled in" "$(cat repo.conf)"
}
cd "$SCRATCH" || exit 1
follow 'keys new keys/'
print=$(grep -oE '([0-9A-Z]{4}-){4}[0-9A-Z]{4}' "$SCRATCH/log/typed" | tail -n 1)
lighten keys/hq
check "$([ "$PWD" = "$company" ] && [ -n "$print" ]; echo $?)" "there is a root, and its fingerprint" "$PWD; $(cat "$SCRATCH/log/typed")"

# ---- its offices: each makes its key; the other three are typed as Osaka is --------------
# shellcheck disable=SC2086 # words
make_certificates && cp "$HQ/ca.pem" "$SCRATCH/ca.pem" && make_networks $OFFICES && start_server ||
	{ fail "a repository is served" "$(cat "$HQ"/nginx/*)"; exit 1; }
follow 'repo delegate' "s/osaka/honsha/g; s/osk-/hon-/; /repo publish/d"
follow 'repo delegate' "s/osaka/tokyo/g; s/osk-/tko-/; /repo publish/d"
follow 'repo delegate' "s/osaka/web/g; s/osk-/web-/; s/--hosts/--type server &/; /repo publish/d"
follow 'repo delegate'
# A federation: Kansai is a member, with a key of its own; Osaka is a branch of it.
hq keys new kansai
lighten osaka tokyo kansai
hq repo delegate kansai --key kansai.pub
hq exception sign --office kansai --key kansai
try guardctl repo delegate lost --key osaka.pub --within nowhere
check "$([ "$RC" = 1 ] && grep -q 'no such office' <<< "$OUT"; echo $?)" "a branch of nothing" "$RC $OUT"
sed -i 's/threshold = 1;/&\n  within = [ "kansai" ];/' offices/osaka/office.conf
publish

# ---- machines ------------------------------------------------------------------------------
# on NAME WORD...: guardctl on that machine.
on() { local name=$1; shift; timeout 40 "$GUARDCTL" --socket "$SCRATCH/$name/run/guard.sock" "$@"; }
field_of() { on "$1" --json status | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["repository"][sys.argv[1]])' "$2"; }
newest() { "$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))["signed"]["meta"]["snapshot.json"]["version"])' "$WEB/metadata/timestamp.json"; }
# has NAME SNAPSHOT: that machine has it, and is well.
has() { on "$1" --json status > "$SCRATCH/$1/status" && grep -qE "\"snapshot\": *$2[,}]" "$SCRATCH/$1/status" && grep -q '"state": *"ok"' "$SCRATCH/$1/status"; }
arrives()
{
	local name version
	version=$(newest)
	for name in $OFFICES; do on $name reload > /dev/null 2>&1 & done
	for name in $OFFICES; do wait_for 30 has $name "$version" || { on $name status; return 1; }; done
}
# enrol NAME: the README's command, at a terminal, where the fingerprint is typed.
enrol()
{
	local line out
	line=$(readme README.md 'guardctl enroll' | grep 'guardctl enroll' | sed "s/osaka/$1/")
	export GUARD_ON=$1
	out=$(cd "$SCRATCH" && printf '%s\n' "$print" | office_in "$1" timeout 90 script -qec "$line" /dev/null 2>&1)
	check $? "typed: $line" "$out" > "$SCRATCH/$1/enrolled"
}

make_policy enforce "$LISTED"
for name in $OFFICES; do
	base=$SCRATCH/$name
	mkdir -p "$base/disk"
	mount -t tmpfs -o mode=755,size=16m "guard-test-$name" "$base/disk" && mounts="$mounts $base/disk"
	case $name in honsha) host=hon-1 ;; osaka) host=osk-1 ;; tokyo) host=tko-1 ;; *) host=web-1 ;; esac
	printf 'state_dir = "%s";\nrun_dir = "%s";\nbackend = "fanotify";\nprotect = { filesystems = ["%s"]; };\npolicy = { file = "%s"; };\nmachine = { host = "%s"; };\n' \
		"$base/state" "$base/run" "$base/disk" "$IMAGE" $host > "$base/guardd.conf"
	office_in "$name" setsid "$GUARDD" --config "$base/guardd.conf" --foreground > "$base/ready" 2>> "$SCRATCH/log/guardd" < /dev/null &
	disown
	good payload "$base/disk/listed"
	cp "$LISTED/payload" "$base/disk/kessan" && printf '\n#kessan' >> "$base/disk/kessan"
done
enrolling=
for name in $OFFICES; do
	is "guardd starts: $name" wait_for 20 grep -qx ready "$SCRATCH/$name/ready"
	enrol $name &
	enrolling="$enrolling $!"
done
# shellcheck disable=SC2086 # numbers
wait $enrolling
for name in $OFFICES; do cat "$SCRATCH/$name/enrolled"; done
is "the policy arrives everywhere" arrives
check "$([ "$(field_of osaka profile)$(field_of web profile)" = desktopserver ]; echo $?)" "each has its profile"
expect_allowed "in audit what nobody lists runs" "$SCRATCH/osaka/disk/kessan"
OUT=$(office_in osaka ip -brief address; office_in tokyo ip -brief address)
check "$([ "$(grep -c '10\.213\.' <<< "$OUT")" = 2 ] && [ "$(wc -l <<< "$OUT")" = 4 ]; echo $?)" "each is in a network of its own" "$OUT"

# ---- change the policy: the example company's, enforcing -----------------------------------
guardctl scan / --fragment --output listed.conf > "$SCRATCH/log/scan" 2>&1 || fail "a scan of what may run"
printf 'forbidden' > "$SCRATCH/forbidden"
cp /usr/bin/sleep "$SCRATCH/worker" && printf '\n#worker' >> "$SCRATCH/worker"
cp -R "$top/policy/examples/." .
sed -i 's/mode = "audit";/mode = "enforce";/' hq.conf server.conf
sed -i 's/running = "record";/running = "end";/' server.conf
sed -i 's|"desktop"; sources = \[ "hq.conf" \]|"desktop"; sources = [ "hq.conf", "local.conf", "listed.conf" ]|
	s|"server"; sources = \[ "hq.conf" \]|"server"; sources = [ "server.conf", "local.conf", "listed.conf" ]|' repo.conf
cat > local.conf <<- E
	groups = ( { name = "forbidden"; rules = ( { action = "deny"; sha256 = [ "$(sha256sum < "$SCRATCH/forbidden" | cut -c1-64)" ]; } ); },
	  { name = "worker"; rules = ( { sha256 = [ "$(sha256sum < "$SCRATCH/worker" | cut -c1-64)" ]; } ); } );
E
: > "$SCRATCH/log/typed"
follow '--dry-run'
OUT=$(cat "$SCRATCH/log/typed")
said "the dry run tells what would change, and how many machines it reaches" 'Profile desktop reaches 4 offices, 3 machines seen:' \
	'Profile server reaches 1 office, 1 machine seen:' 'version: 1 -> 12' 'Nothing was published'
is "the change arrives everywhere" arrives
for name in $OFFICES; do
	expect_allowed "what headquarters lists: $name" "$SCRATCH/$name/disk/listed"
	expect_denied "what nobody lists: $name" "$SCRATCH/$name/disk/kessan"
done

# ---- an exception for Osaka --------------------------------------------------------------------
cp "$SCRATCH/osaka/disk/kessan" ./kessan
checks() { grep -E '/timestamp.json HTTP/1.1" (200|304) .* o=osaka ' "$HQ/nginx/access.log"; }
follow 'exception add'
# Within one interval, without anybody asking: the first check that Osaka makes after the
# publication brings it (the one under way when timestamp.json was replaced may not).
before=$(checks | wc -l)
is "the exception is in force in Osaka" wait_for 30 has osaka "$(newest)"
OUT=$(checks | tail -n "+$((before + 1))" | grep -nm 1 '" 200 ' | cut -d : -f 1)
check "$([ "${OUT:-0}" -le 2 ]; echo $?)" "within one interval of its publication" "$OUT $(checks | tail -n 5)"
expect_allowed "the exception: Osaka" "$SCRATCH/osaka/disk/kessan"
is "all have looked" arrives
for name in honsha tokyo web; do
	expect_denied "the exception: not in $name" "$SCRATCH/$name/disk/kessan"
done
cp "$LISTED/payload" "$SCRATCH/osaka/disk/kansai" && printf '\n#kansai' >> "$SCRATCH/osaka/disk/kansai"
cp "$SCRATCH/osaka/disk/kansai" "$SCRATCH/tokyo/disk/kansai"
expect_denied "what a member's exception is about, before" "$SCRATCH/tokyo/disk/kansai"
# The member writes it, headquarters sees whom it reaches, the member signs.
hq exception add --office kansai --file "$SCRATCH/osaka/disk/kansai" --until 30d --id kessan --reason "for all of Kansai"
hq repo publish --dry-run --key keys/hq --key keys/online --log "$HQ/nginx/access.log"
said "a dry run counts the machines below a member" 'Exceptions of kansai (1 machine seen)'
hq exception sign --office kansai --key kansai --key keys/online
is "it arrives" arrives
expect_allowed "the member's exception: in its branch, though both call theirs the same" "$SCRATCH/osaka/disk/kansai"
expect_allowed "and the branch's own" "$SCRATCH/osaka/disk/kessan"
expect_denied "the member's exception: not in another's" "$SCRATCH/tokyo/disk/kansai"

# Out of what a machine of Tokyo wrote down of that refusal.
on tokyo --json events --denied --limit 1000 > "$SCRATCH/tokyo.json"
id=$("$PYTHON" -c 'import json, sys; print([e["id"] for e in map(json.loads, open(sys.argv[1])) if e["path"].endswith("/disk/kansai")][-1])' "$SCRATCH/tokyo.json")
try guardctl exception add --office tokyo --from-ledger 987654321 --ledger "$SCRATCH/tokyo.json" --until 9d --reason x --key tokyo
refused "a line that the ledger does not have" "no event 987654321"
hq exception add --office tokyo --from-ledger "$id" --ledger "$SCRATCH/tokyo.json" --until 9d --reason "Tokyo, too" --key tokyo --key keys/online
is "it arrives in Tokyo" arrives
expect_allowed "an exception out of the ledger" "$SCRATCH/tokyo/disk/kansai"

# ---- it ends by itself ----------------------------------------------------------------------------
cp "$LISTED/payload" "$SCRATCH/osaka/disk/short" && printf '\n#short' >> "$SCRATCH/osaka/disk/short"
until=$(date -u -d '+6 seconds' +%Y-%m-%dT%H:%M:%SZ)
hq exception add --office osaka --file "$SCRATCH/osaka/disk/short" --until "$until" --id short --reason "a moment" \
	--key osaka --key keys/online
is "the short one arrives" arrives
wait_for 20 eval "[ \$(date -u +%s) -gt $(date -u -d "$until" +%s) ]"
expect_denied "after its end" "$SCRATCH/osaka/disk/short"

# ---- headquarters denies -----------------------------------------------------------------------------
sha256sum < "$SCRATCH/osaka/disk/kessan" | cut -c1-64 > "$SCRATCH/notice"
follow 'guardctl deny'
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

# ---- watch it arrive; the timer's daily refresh -----------------------------------------------------------
hq repo refresh --key keys/online
is "machines see a refresh" arrives
try guardctl repo seen /var/log/nginx/access.log
check "$([ "$RC" = 0 ] && [ "$(grep -cE '^(honsha|osaka|tokyo|web) ' <<< "$OUT")" = 4 ]; echo $?)" "four machines are seen" "$RC $OUT"
check "$(! grep -q 'signature that is wrong' <<< "$OUT"; echo $?)" "and every line is genuine" "$OUT"
hq repo verify
OUT=$(office_in osaka curl -s --cacert "$HQ/ca.pem" -o /dev/null -w '%{http_code} %{size_header}' \
	-H "If-None-Match: $(office_in osaka curl -sI --cacert "$HQ/ca.pem" "$URL/metadata/timestamp.json" | sed -n 's/^[Ee][Tt]ag: //p' | tr -d '\r')" \
	"$URL/metadata/timestamp.json")
check "$(grep -q '^304 ' <<< "$OUT"; echo $?)" "a check without a change is a 304 ($OUT bytes)" "$OUT"
