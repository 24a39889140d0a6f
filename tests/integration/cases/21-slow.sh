# SPDX-License-Identifier: MIT
# where: host
# Huge, endless and slow files hold up nobody else and are refused in the end.
. "$(dirname "$0")/../lib.sh"
set -- $AREAS
area=$1
PROTECT=$(printf '"%s", ' $AREAS)
PROTECT=${PROTECT%, }
point=$SCRATCH/fuse
mkdir -p "$point"
if [ -x "$LISTED/slowfs" ] && [ -c /dev/fuse ]; then
	"$LISTED/slowfs" "$LISTED/payload-static" "$point" -f -o allow_other -o max_threads=500 > "$SCRATCH/log/fuse" 2>&1 &
	server=$!
	wait_for 10 test -e "$point/good" && PROTECT="$PROTECT, \"$point\""
fi
make_policy enforce "$LISTED" && write_config 'gate = { deadline_ms = 3000; };' && launch_guardd
check $? "the daemon starts" "$(tail "$SCRATCH/log/guardd")"

good payload "$area/good"
# An ELF head, then a hole that would take minutes to hash.
evil payload "$area/huge"
truncate -s 2000G "$area/huge" 2> /dev/null || truncate -s 300G "$area/huge"
begin=$SECONDS
"$area/huge" 2> /dev/null &
huge=$!
expect_allowed "while a huge file is identified" "$area/good"
wait $huge
check "$([ $((SECONDS - begin)) -lt 10 ]; echo $?)" "a huge file is refused by the deadline" "$((SECONDS - begin)) s"
expect_denied "a huge sparse file" "$area/huge"

if mountpoint -q "$point"; then
	expect_allowed "a listed file on FUSE" "$point/good"
	for name in slow endless; do
		begin=$SECONDS
		for i in 1 2 3 4 5 6 7 8; do timeout -s KILL 30 "$point/$name" 2> /dev/null & done
		expect_allowed "while eight $name files are identified" "$area/good"
		evil payload "$area/evil"
		expect_denied "while eight $name files are identified" "$area/evil"
		wait_for 25 eval '[ -z "$(jobs -r | grep -v slowfs)" ]'
		check $? "$name files are answered by the deadline" "$((SECONDS - begin)) s; $(jobs -r)"
	done
	expect_no_trace "a file that is slow" "$point/slow"
	# Listed content on the first look, other content on the second.
	expect_no_trace "a file that changes between reads" \
		sh -c "for i in 1 2 3 4 5 6; do GUARD_MARK=/dev/null '$point/change'; done; echo 1 > /proc/sys/vm/drop_caches; exit 1"
else
	skip "slow files on FUSE" "no FUSE here"
fi
is "the daemon answers after it all" ctl status

# Ended while a slow file is still being read: nobody is left waiting.
if mountpoint -q "$point"; then
	timeout -s KILL 60 "$point/slow" 2> /dev/null &
	stop_guardd
	check $? "the daemon ends while a slow file is read"
	is "and nothing waits for it" timeout 10 "$area/good"
	umount -l "$point"
	kill -KILL "$server"
fi
true
