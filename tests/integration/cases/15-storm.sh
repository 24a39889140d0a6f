# SPDX-License-Identifier: MIT
# where: host guest, long
# Overload: bounded time, closed for the unlisted, open for the listed.
. "$(dirname "$0")/../lib.sh"
start_guardd
set -- $AREAS
area=$1
per=50 waiting=2000 files=2000
[ "$GUARD_WHERE" = host ] || per=5 waiting=200 files=200 # software emulation

# field NAME: a number out of the helper's last line.
field() { sed -n "s/.*$1 \([0-9]*\).*/\1/p" <<< "$OUT" | tail -n 1; }

good payload "$area/good"
evil payload "$area/evil"
fresh_mark
OUT=$(timeout 120 "$LISTED/storm" exec 64 $per "$area/good")
check "$([ "$(field good)" = $((64 * per)) ]; echo $?)" "$((64 * per)) starts of a listed program by 64 processes ($OUT)"
fresh_mark
OUT=$(timeout 120 "$LISTED/storm" exec 64 $per "$area/evil")
check "$([ "$(field refused)" = $((64 * per)) ] && ! has_mark; echo $?)" "$((64 * per)) starts of an unlisted one are all refused ($OUT)"

# Both at once, each with its own answer.
fresh_mark
mark=$GUARD_MARK
timeout 120 "$LISTED/storm" exec 32 $per "$area/evil" > "$SCRATCH/log/evil" &
evil_storm=$!
OUT=$(GUARD_MARK=/dev/null timeout 120 "$LISTED/storm" exec 32 $per "$area/good")
wait $evil_storm
check "$([ "$(field good)" = $((32 * per)) ]; echo $?)" "listed programs start during a storm of unlisted ones ($OUT)"
check "$([ ! -e "$mark" ]; echo $?)" "and none of the unlisted"

# Thousands of opens wait at the same moment: the gate is stopped, then goes on.
# Each answer wakes every waiter of the group in the kernel, so the time grows
# with the square: 2,000 take some seconds, 20,000 many minutes on any daemon.
waiting=${GUARD_FLIGHT:-$waiting}
evil plugin.so "$area/evil.so"
good plugin.so "$area/good.so"
for want in good evil; do
	gate=$(status_of gate_pid)
	kill -STOP "$gate"
	timeout 200 "$LISTED/storm" open "$waiting" "$area/$want.so" > "$SCRATCH/log/flight" &
	flight=$!
	wait_for 60 grep -q waiting "$SCRATCH/log/flight"
	kill -CONT "$gate" 2> /dev/null # the keeper may have replaced it
	wait $flight
	OUT=$(cat "$SCRATCH/log/flight")
	if [ $want = good ]; then
		check "$([ "$(field good)" = "$waiting" ]; echo $?)" "$waiting waiting opens of a listed library ($OUT)"
	else
		check "$([ "$(field refused)" = "$waiting" ]; echo $?)" "$waiting waiting opens of an unlisted one ($OUT)"
	fi
done

# Many different files at once, each ten times.
mkdir "$area/many"
for i in $(seq $files); do
	printf '#!/bin/sh\n# %s\n' "$i" > "$area/many/$i.sh"
done
OUT=$(timeout 200 $PYTHON - "$area/many" <<'PYTHON'
import concurrent.futures, os, sys
names = [os.path.join(sys.argv[1], name) for name in os.listdir(sys.argv[1])] * 10
def attempt(name):
    try:
        os.close(os.open(name, os.O_RDONLY))
        return True
    except PermissionError:
        return False
with concurrent.futures.ThreadPoolExecutor(200) as pool:
    results = list(pool.map(attempt, names))
print(len(results))
PYTHON
)
check "$([ "$OUT" = $((10 * files)) ]; echo $?)" "$((10 * files)) opens of $files files end" "$OUT"

# Its own descriptors used up does not help a process.
OUT=$("$LISTED/storm" fds "$area/evil.so" 2>&1)
check "$([ "$(field good)" = 0 ]; echo $?)" "a process without descriptors opens nothing unlisted ($OUT)"

expect_allowed "a listed program after it all" "$area/good"
expect_denied "an unlisted program after it all" "$area/evil"
is "the daemon answers after it all" ctl status
