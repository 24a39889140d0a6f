# SPDX-License-Identifier: MIT
# where: host guest
# Special files do not hang; odd names change no verdict.
. "$(dirname "$0")/../lib.sh"
start_guardd
TRY_SECONDS=10

for area in $AREAS; do
	at=$(stat -f -c %T "$area")
	mkfifo "$area/fifo"
	is "a FIFO passes bytes on $at" timeout 10 sh -c "echo hello > '$area/fifo' & cat '$area/fifo' | grep -q hello"
	expect_no_trace "executing a FIFO on $at" "$area/fifo"
	# Nobody reads: a writer without blocking must see that (ENXIO), not a
	# bystander that holds it open.
	is "a FIFO without reader has none on $at" $PYTHON -c "
import errno, os
try:
    os.open('$area/fifo', os.O_WRONLY | os.O_NONBLOCK)
    raise SystemExit('somebody reads it')
except OSError as error:
    assert error.errno == errno.ENXIO, error"
	mknod "$area/null" c 1 3
	is "a device node on $at" sh -c "echo x > '$area/null' && head -c 1 '$area/null' > /dev/null"
	is "a socket on $at" $PYTHON -c "
import socket
s = socket.socket(socket.AF_UNIX); s.bind('$area/socket'); s.listen()
c = socket.socket(socket.AF_UNIX); c.connect('$area/socket')"
	mkdir "$area/folder"
	expect_no_trace "executing a folder on $at" "$area/folder"
	is "listing a folder on $at" ls "$area/folder"
	is "a lock on $at" flock "$area/lock" true
	truncate -s 100G "$area/sparse" 2> /dev/null || truncate -s 1G "$area/sparse"
	is "the head of a large sparse file on $at" timeout 10 head -c 1 "$area/sparse"

	n=0
	for name in 'with space' $'new\nline' $'es\e[31mcape' $'\xff\xfe' 'quote"' "apostrophe'" '-rf' '$(id)' '%s%n' '*' \
		"$(printf 'x%.0s' $(seq 255))" $'tab\tname' 'back\slash' $'\xe2\x80\xae''evil' ' (deleted)' 'x (deleted)'; do
		n=$((n + 1))
		good payload "$area/./$name"
		expect_allowed "odd name $n on $at" "$area/$name"
		rm -f "$area/./$name"
		evil payload "$area/./$name"
		expect_denied "odd name $n on $at" "$area/$name"
	done
	deep=$area
	while [ ${#deep} -lt 3600 ]; do
		deep=$deep/$(printf 'd%.0s' $(seq 200))
		mkdir "$deep" || break
	done
	both "very long path on $at" evil payload "$deep/x" "$deep/x"
done

is "odd names come out escaped" sh -c "! '$GUARDCTL' --socket '$SOCKET' events --limit 1000 | grep -q '$(printf '\033')\[31mcape'"
is "each JSON event is one valid line" sh -c "'$GUARDCTL' --socket '$SOCKET' --json events --limit 100000 |
	$PYTHON -c 'import json, sys; [json.loads(line) for line in sys.stdin]'"
