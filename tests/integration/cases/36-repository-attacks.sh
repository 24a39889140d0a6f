# SPDX-License-Identifier: MIT
# where: host, long
# Whoever has the web server, the network, an old backup or some of the keys:
# nothing weaker is ever enforced, and the ledger says what happened.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../repository.sh"
set -- $AREAS
area=$1
place() { printf '{"format":1,"machines":[{"groups":[],"host":"%s","profile":"desktop"}],"office":"osaka","within":[]}' "$1" > "$HQ/osaka.json"; }
mkdir -p "$SCRATCH/more"
evil payload "$SCRATCH/more/bad"
good payload "$SCRATCH/more/soon" && echo '#soon' >> "$SCRATCH/more/soon"
roles="root timestamp snapshot targets"
all="publish('osaka', 'osaka.broad', 'tokyo', 'deny')"
two="[(r.add_key(n), r.signed['root']['roles'][n].update(threshold=2)) for n in '$roles'.split()]"
two_of() { echo "r.add_key('$1', delegator='targets'); r.role_entry('$1', 'targets')[1].update(threshold=2)"; }
# Each of them delegates to the next; nobody to the first of them, yet.
chained="k = r.new_key(); names = ['x%d' % i for i in range(70)]
[(r.signed.update({n: dict(r.signed['tokyo'], targets={})}), r.signers.update({n: [k]})) for n in names]
[r.delegate(d, n, ['office/osaka/broad/*']) for d, n in zip(names, names[1:])]"
# While that file is there all is somewhere else.
SERVER_EXTRA="if (-f $HQ/moved) { return 302 https://localhost:\$server_port/elsewhere\$uri; }"
make_certificates && image_of desktop 1 enforce "$LISTED" && image_of loose 9 enforce "$LISTED" "$SCRATCH/more" && place '*' &&
	image_of first 1 enforce "$LISTED" "$SCRATCH/more" && exceptions_of osaka 1 "$SCRATCH/more/soon" 1 &&
	repo "$two" "r.signed['root'].update(version=0); r.publish('root')" "r.published['root'] = {1: r.latest['root']}" \
		"target('targets', 'policy/desktop.img', '$HQ/first.img')" 'publish()' && cp -a "$WEB" "$HQ/old.web" &&
	repo "target('targets', 'policy/desktop.img', '$HQ/desktop.img')" "target('targets', 'place/osaka.json', '$HQ/osaka.json')" \
		"r.delegate('targets', 'osaka.broad', ['office/osaka/broad/*'], terminating=True)" \
		"r.delegate('targets', 'osaka', ['office/osaka/*'], terminating=True)" \
		"r.delegate('targets', 'tokyo', ['office/tokyo/*'], terminating=True)" \
		"r.delegate('targets', 'deny', ['deny/*'], terminating=True)" "$(two_of osaka)" "$(two_of osaka.broad)" "$(two_of deny)" \
		"target('osaka', 'office/osaka/exceptions.img', '$HQ/osaka.img')" "$chained" "publish('osaka.broad', 'tokyo', 'deny', *names)" &&
	start_server || { fail "a repository is served" "$(cat "$HQ"/nginx/* "$SCRATCH"/log/build)"; exit 1; }
write_config
mkdir -p "$SCRATCH/state/enrolment" "$SCRATCH/state/trust"
# A disk of its own, to be filled.
mount -t tmpfs -o size=4M,mode=700 guard-trust "$SCRATCH/state/trust"
chmod 711 "$SCRATCH/state"
cp "$HQ/ca.pem" "$SCRATCH/state/enrolment/ca.pem"
cp "$WEB/metadata/1.root.json" "$SCRATCH/state/enrolment/root.json"
printf 'repository = { url = "%s"; office = "osaka"; ca = "%s"; interval = 1; };\n' "$URL" "$SCRATCH/state/enrolment/ca.pem" \
	> "$SCRATCH/state/enrolment/repository.conf"
bend_daemon
launch_guardd || { fail "the daemon starts" "$(tail -n 20 "$SCRATCH/log/guardd")"; exit 1; }
good payload "$area/good"
cp "$SCRATCH/more/bad" "$SCRATCH/more/soon" "$area/"
expect_allowed "listed" "$area/good"
expect_denied "unlisted" "$area/bad"
expect_allowed "an exception of the office" "$area/soon"

# After each attack headquarters publishes what was good under versions above all
# that the machine may have seen; the machine is then ok again.
cp -a "$HQ/state" "$HQ/good.state" && cp -a "$WEB" "$HQ/good.web"
round=0
put_back()
{
	round=$((round + 100))
	rm -f "$SCRATCH/state/trust/full" "$HQ/moved"
	cp -a "$HQ/good.state" "$HQ/state" && rm -rf "$WEB" && cp -a "$HQ/good.web" "$WEB"
	repo "[r.signed[n].update(version=r.signed[n]['version'] + $round) for n in r.signed if n != 'root']" "$all"
	wait_for 12 looked ok || fail "well again, after: $1" "$(ctl status)"
}
refused() { ! "$1" > /dev/null 2>&1; }
looked() { ctl reload > /dev/null 2>&1; is_state "$1"; }
# attack NAME STATE COMMAND...: the attack is seen, and nothing changes.
attack()
{
	local name=$1 state=$2
	shift 2
	"$@" || fail "attack: $name: it can be made"
	wait_for 12 looked "$state"
	check $? "attack: $name: seen as $state" "$(ctl status)"
	expect_denied "unlisted, during: $name" "$area/bad"
	expect_allowed "listed, during: $name" "$area/good"
	[ "$state" = ok ] || is "in the ledger: $name" wait_for 5 event_with "$(sed 's/^stale$/update-stale/; s/^refused-/(refused-/; s/^unreachable$/cannot be reached/' <<< "$state")"
	put_back "$name"
}
loose="target('targets', 'policy/desktop.img', '$HQ/loose.img')"
# Bent before it is served: the machine looks every second.
arbitrary()
{
	image_of desktop 2 enforce "$LISTED" && repo "target('targets', 'policy/desktop.img', '$HQ/desktop.img')" 'publish()' \
		"r.artifacts.update({k: (open('$HQ/loose.img', 'rb').read() + bytes(len(r.artifacts[k])))[:len(r.artifacts[k])] for k in r.artifacts if k.endswith('desktop.img')})"
}
attack "arbitrary software" refused-mismatch arbitrary
backup() { rm -rf "$WEB" && cp -a "$HQ/old.web" "$WEB"; }
attack "rollback: an old backup of the server" refused-rollback backup
attack "rollback: of targets, under a newer snapshot" refused-rollback repo "r.signed['targets'].update(version=0)" "$loose" 'publish()'
attack "freeze" stale repo "r.signed['timestamp']['expires'] = date(-1)" "$loose" 'publish()'
mix() { repo "$loose" 'publish()' "r.published['targets'][max(r.published['targets'])] = r.published['targets'][2]"; }
attack "mix and match" refused-mismatch mix
endless() { head -c 3000000 /dev/zero | tr '\0' '{' > "$WEB/metadata/timestamp.json"; }
attack "endless data" refused-limit endless
attack "endless data: the next root" refused-limit repo "r.published['root'][len(r.published['root']) + 1] = b'{' * 600000" 'publish()'
endless_image()
{
	image_of desktop 2 enforce "$LISTED" && repo "target('targets', 'policy/desktop.img', '$HQ/desktop.img')" 'publish()' \
		"r.artifacts.update({k: v + b' ' * 3000000 for k, v in r.artifacts.items() if k.endswith('desktop.img')})"
}
attack "endless data: an image" refused-limit endless_image
attack "withheld: what the timestamp promises" refused-mismatch repo "$loose" 'publish()' "del r.published['snapshot'][max(r.published['snapshot'])]"
portal() { echo '<html>please log in</html>' > "$WEB/metadata/timestamp.json"; }
attack "captive portal" unreachable portal
attack "a redirect" unreachable touch "$HQ/moved"
attack "stolen name: a key that is not the role's" refused-signature repo "r.signers['targets'] = [r.new_key()]" "$loose" 'publish()'
attack "extraneous delegation" ok repo "target('osaka', 'policy/desktop.img', '$HQ/loose.img')" 'publish()'
chain() { repo "r.delegate('targets', 'x0', ['office/osaka/broad/*'])" "r.signed['targets']['delegations']['roles'].insert(0, r.signed['targets']['delegations']['roles'].pop())" 'publish()'; }
attack "extraneous delegations without end" refused-limit chain
attack "wrong host" refused-not-a-member eval "place other-host; repo \"target('targets', 'place/osaka.json', '$HQ/osaka.json')\" \"$loose\" 'publish()'"
tokyo() { exceptions_of tokyo 1 "$area/bad" && repo "target('tokyo', 'office/tokyo/exceptions.img', '$HQ/tokyo.img')" "target('osaka', 'office/osaka/exceptions.img', '$HQ/tokyo.img')" 'publish()'; }
attack "wrong office" ok tokyo

# ---- a full disk -------------------------------------------------------------------
# Full before there is anything to take: the machine looks every second.
fill_up() { image_of desktop 2 enforce "$LISTED" && ! head -c 8000000 /dev/zero > "$SCRATCH/state/trust/full" 2> /dev/null && repo "target('targets', 'policy/desktop.img', '$HQ/desktop.img')" 'publish()'; }
attack "the disk is full" refused-storage fill_up

# ---- keys stolen below the threshold ---------------------------------------------------
one_key() { echo "r.signers['$1'].pop()"; }
attack "one key of two: timestamp" refused-signature repo "$(one_key timestamp)" "$loose" 'publish()'
attack "one key of two: snapshot" refused-signature repo "$(one_key snapshot)" "$loose" 'publish()'
attack "one key of two: targets" refused-signature repo "$(one_key targets)" "$loose" 'publish()'
attack "one key of two: root" refused-signature repo "$(one_key root)" "r.rotate('targets'); r.signed['root']['roles']['targets']['threshold'] = 1" "r.publish('root')" "$loose" 'publish()'
osaka() { exceptions_of osaka 2 "$area/bad" && repo "$(one_key osaka)" "target('osaka', 'office/osaka/exceptions.img', '$HQ/osaka.img')" 'publish()'; }
attack "one key of two: an office" refused-signature osaka
broad() { exceptions_of osaka 2 "$area/bad" && repo "$(one_key osaka.broad)" "target('osaka.broad', 'office/osaka/broad/exceptions.img', '$HQ/osaka.img')" 'publish()'; }
attack "one key of two: an office's broad list" refused-signature broad
deny() { denials_of 1 "$area/good" && repo "$(one_key deny)" "target('deny', 'deny/now.img', '$HQ/deny.img')" 'publish()'; }
attack "one key of two: denials" refused-signature deny

# ---- the power goes while it is stored ---------------------------------------------------
# Each storing call is cut off in turn in tests/unit/trust_process.c.
bend 0 0 9 0
image_of desktop 2 enforce "$LISTED" && repo "target('targets', 'policy/desktop.img', '$HQ/desktop.img')" 'publish()'
is "the power goes while an update is stored" wait_for 12 event_with 'sync and trust are started again'
expect_denied "unlisted, after the power went" "$area/bad"
is "the next check takes it whole" wait_for 20 eval "looked ok && [ \"\$(status_of policy_version)\" = 2 ]"
rm -rf "$HQ/good.state" "$HQ/good.web" && cp -a "$HQ/state" "$HQ/good.state" && cp -a "$WEB" "$HQ/good.web"

older() { image_of desktop 1 enforce "$LISTED" "$SCRATCH/more" && repo "target('targets', 'policy/desktop.img', '$HQ/desktop.img')" 'publish()'; }
attack "rollback: an older policy under newer metadata" refused-rollback older

# ---- the clock ----------------------------------------------------------------------------
put_back() { bend 0 0; wait_for 12 looked ok || fail "well again, after: $1" "$(ctl status)"; }
attack "the clock is put forward by 400 days" stale bend 34560000 0
day=90000
bend $day $day
expect_denied "an exception after its end" "$area/soon"
is "the day is checked, and remembered" wait_for 12 looked ok
bend 0 $day
expect_denied "an exception after its end, the clock put back" "$area/soon"
is "and that is said" wait_for 12 eval "ctl status | grep -q 'put back'"
is "in the ledger: the clock put back" wait_for 5 event_with 'put back'
kill -KILL "$(status_of gate_pid)"
wait_for 10 ctl status
expect_denied "the clock put back, the gate killed" "$area/soon"
stop_guardd; bend 0 0
launch_guardd || fail "the daemon starts once more"
is "the clock put back while the machine was off" wait_for 10 refused "$area/soon"
expect_allowed "listed, after all that" "$area/good"

# ---- fast-forward, and how headquarters recovers from it --------------------------------------
put_back() { :; }
# Whoever has enough keys runs up the versions of metadata and of the policy itself.
forward()
{
	image_of desktop 9000000000000000000 enforce "$LISTED" &&
		repo "[r.signed[n].update(version=4000000000) for n in ('timestamp', 'snapshot')]" \
			"target('targets', 'policy/desktop.img', '$HQ/desktop.img')" "$all" &&
		wait_for 12 looked ok && cp -a "$HQ/good.state" "$HQ/state" && recover
}
recover()
{
	image_of desktop 2 enforce "$LISTED" &&
		repo "[r.signed[n].update(version=r.signed[n]['version'] + $round + 100) for n in r.signed if n != 'root']" \
			"target('targets', 'policy/desktop.img', '$HQ/desktop.img')" "$all"
}
attack "fast-forward" refused-rollback forward
repo "[(r.rotate(n), r.add_key(n)) for n in ('timestamp', 'snapshot')]" "r.publish('root')" "$all"
is "new keys recover from fast-forward" wait_for 12 looked ok
expect_denied "unlisted, after the recovery" "$area/bad"

# ---- offline for months, and back ----------------------------------------------------------------
months=34560000
stop_server
bend $months $months
is "months without a server: an alert" wait_for 12 looked stale
is "in the ledger: months without a server" wait_for 5 event_with update-stale 'freshness has run out'
is "status shows it as a problem" eval "ctl status | grep -q PROBLEM"
expect_allowed "the last good policy stays in force" "$area/good"
expect_denied "unlisted, without a server for months" "$area/bad"
image_of desktop 3 enforce "$LISTED" "$SCRATCH/more" &&
	repo "[r.signed[n].update(expires=date(500)) for n in r.signed]" "r.publish('root')" \
		"target('targets', 'policy/desktop.img', '$HQ/desktop.img')" "$all" && start_server
wait_for 20 looked ok
check $? "back after months, the machine catches up" "$(ctl status; tail -n 3 "$HQ/nginx/error.log" "$SCRATCH/log/build")"
expect_allowed "what was listed meanwhile" "$area/bad"
umount -l "$SCRATCH/state/trust"
