# SPDX-License-Identifier: MIT
#
# repository.sh - for cases of managed machines: a certificate authority, a
# repository served by nginx on loopback, images for it, enrolled daemons.
# Sourced after lib.sh; ends what it started by process id.

HQ=$SCRATCH/hq
rm -rf "$HQ" "$SCRATCH/state" "$SCRATCH/run" "$SCRATCH/more" "$SCRATCH/etc/guardd.conf.managed"
WEB=$HQ/web
REPOSITORY="$(dirname "$0")/../helpers/repository"

repo() { "$PYTHON" "$REPOSITORY" "$HQ" "$@"; }

# make_certificates: $HQ/ca.pem signs $HQ/server.pem for localhost.
make_certificates()
{
	mkdir -p "$HQ"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=test-ca \
		-keyout "$HQ/ca.key" -out "$HQ/ca.pem" 2> /dev/null &&
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
			-keyout "$HQ/server.key" -out "$HQ/server.csr" 2> /dev/null &&
		openssl x509 -req -in "$HQ/server.csr" -CA "$HQ/ca.pem" -CAkey "$HQ/ca.key" -CAcreateserial -days 30 \
			-extfile <(echo 'subjectAltName=DNS:localhost,DNS:guard.example.org,IP:127.0.0.1') -out "$HQ/server.pem" 2> /dev/null
}

free_port() { "$PYTHON" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# start_server: nginx serves $WEB at $URL.  With SERVER_IN (a command that enters a
# network of the server's own) at the address that the README has.
start_server()
{
	local address=
	if [ -n "${SERVER_IN:-}" ]; then
		PORT=443 URL=https://guard.example.org
	else
		PORT=${PORT:-$(free_port)} address=127.0.0.1:
		URL=https://localhost:$PORT
	fi
	mkdir -p "$HQ/nginx" "$WEB"
	cat > "$HQ/nginx.conf" <<- END
		daemon off; pid $HQ/nginx/pid; error_log $HQ/nginx/error.log; worker_processes 1;
		events { worker_connections 64; }
		http {
			access_log $HQ/nginx/access.log combined;
			client_body_temp_path $HQ/nginx/a; proxy_temp_path $HQ/nginx/b;
			fastcgi_temp_path $HQ/nginx/c; uwsgi_temp_path $HQ/nginx/d; scgi_temp_path $HQ/nginx/e;
			server {
				listen $address$PORT ssl; ssl_certificate $HQ/server.pem; ssl_certificate_key $HQ/server.key;
				ssl_protocols TLSv1.2 TLSv1.3; root $WEB; gzip_static on; etag on;
				${SERVER_EXTRA:-}
			}
		}
	END
	# shellcheck disable=SC2086 # words
	setsid ${SERVER_IN:-} nginx -c "$HQ/nginx.conf" -e "$HQ/nginx/error.log" > "$HQ/nginx/out" 2>&1 < /dev/null &
	NGINX_PID=$!
	disown
	wait_for 10 eval "[ -s '$HQ/nginx/pid' ] && ${SERVER_IN:-} bash -c '(exec 3<> /dev/tcp/127.0.0.1/$PORT)'"
}

# make_networks NAME...: a network for headquarters' web server, and one for each of
# NAMEs, joined to it by a line of its own.  server_in COMMAND..., office_in NAME
# COMMAND...: there; in an office guard.example.org is the server.
make_networks()
{
	local name number=0 net=$HQ/net
	mkdir -p "$net"
	for name in server "$@"; do
		: > "$net/$name" && unshare --net="$net/$name" ip link set lo up || return 1
	done
	for name in "$@"; do
		number=$((number + 1))
		server_in ip link add "to$number" type veth peer name "from$number" &&
			nsenter --net="$net/$name" sh -c 'nsenter --net="$1" ip link set "from$2" netns $$ &&
				ip link set "from$2" name eth0 up && ip address add "10.213.$2.2/24" dev eth0' sh "$net/server" $number &&
			server_in sh -c "ip address add 10.213.$number.1/24 dev to$number && ip link set to$number up" || return 1
		printf '127.0.0.1 localhost\n10.213.%s.1 guard.example.org\n' $number > "$net/$name.hosts"
	done
	SERVER_IN="nsenter --net=$net/server"
}
server_in() { nsenter --net="$HQ/net/server" "$@"; }
office_in()
{
	local name=$1
	shift
	nsenter --net="$HQ/net/$name" unshare --mount --propagation slave \
		sh -c 'mount --bind "$0" /etc/hosts && exec "$@"' "$HQ/net/$name.hosts" "$@"
}
stop_server()
{
	[ -z "${NGINX_PID:-}" ] || kill -TERM "$NGINX_PID" 2> /dev/null
	wait_for 5 eval "! kill -0 $NGINX_PID" || kill -KILL "$NGINX_PID" 2> /dev/null
	NGINX_PID=
}

# image_of NAME VERSION MODE FOLDER...: headquarters' image of what is there.
image_of()
{
	local name=$1 version=$2 mode=$3
	shift 3
	"$GUARDCTL" scan "$@" --mode "$mode" --id hq --output "$HQ/$name.conf" > "$SCRATCH/log/scan" 2>&1 &&
		sed -i "s/version = [0-9]*;/version = $version;/" "$HQ/$name.conf" &&
		"$GUARDCTL" policy build "$HQ/$name.conf" --output "$HQ/$name.img" > "$SCRATCH/log/build" 2>&1
}

# exceptions_of OFFICE VERSION FILE [DAYS] [SETTING...]: an exceptions image that
# lists FILE for some days from an hour ago; more settings go into its rule.
exceptions_of()
{
	local office=$1 version=$2 file=$3 days=${4:-30}
	local from until
	from=$(date -u -d '-1 hour' +%Y-%m-%dT%H:%M:%SZ)
	until=$(date -u -d "-1 hour +$days days" +%Y-%m-%dT%H:%M:%SZ)
	shift 3; [ $# = 0 ] || shift
	printf 'policy = { id = "%s"; version = %s; };\n' "$office" "$version" > "$HQ/$office-head.conf"
	{
		printf 'exception = { id = "%s"; version = %s; office = "%s"; expires = "%s"; reason = "test"; };\n' \
			"$office" "$version" "$office" "$until"
		printf 'groups = ( { name = "needed"; rules = ( { sha256 = [ "%s" ]; offices = [ "%s" ];' \
			"$(sha256sum "$file" | cut -d' ' -f1)" "$office"
		printf ' valid_from = "%s"; valid_until = "%s"; %s } ); } );\n' "$from" "$until" "$*"
	} > "$HQ/$office.conf"
	"$GUARDCTL" policy build "$HQ/$office-head.conf" "$HQ/$office.conf" --output "$HQ/$office.img" > "$SCRATCH/log/build" 2>&1
}

# denials_of VERSION FILE...: the list of what is denied at once.
denials_of()
{
	local version=$1
	shift
	{
		printf 'policy = { id = "deny-now"; version = %s; mode = "enforce"; };\n' "$version"
		printf 'groups = ( { name = "now"; rules = ( { action = "deny"; sha256 = ['
		sha256sum "$@" | awk '{ printf "%s \"%s\"", (NR > 1 ? "," : ""), $1 }'
		printf ' ]; } ); } );\n'
	} > "$HQ/deny.conf"
	"$GUARDCTL" policy build "$HQ/deny.conf" --output "$HQ/deny.img" > "$SCRATCH/log/build" 2>&1
}

# bend_daemon: daemons that start from here on see what `bend` says of clock and disk.
bend_daemon()
{
	head -c 32 /dev/zero > "$SCRATCH/bend"
	printf '#!/bin/sh\nLD_PRELOAD=%s GUARD_TEST_BEND=%s ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0" exec %s "$@"\n' \
		"$LISTED/bend.so" "$SCRATCH/bend" "$GUARDD" > "$SCRATCH/bent-guardd"
	chmod 755 "$SCRATCH/bent-guardd"
	GUARDD=$SCRATCH/bent-guardd
}
# bend REALTIME BOOTTIME [CALL ERRNO]: seconds added to the clocks; which storing call
# of the trust process fails, and how (helpers/bend.c).
bend() { "$PYTHON" -c 'import struct, sys; open(sys.argv[1], "r+b").write(struct.pack("4q", *map(int, sys.argv[2:])))' "$SCRATCH/bend" "$1" "$2" "${3:-0}" "${4:-0}"; }

# managed_of WORD: a field of the status' repository.
managed_of() { ctl --json status | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["repository"][sys.argv[1]])' "$1"; }
# Asked again and again: without starting an interpreter each time.
is_state() { ctl --json status | grep -qE "\"state\": *\"$1\""; }
is_snapshot() { ctl --json status | grep -qE "\"snapshot\": *$1([,}]|$)"; }
check_now() { ctl reload > /dev/null 2>&1; }

repository_end()
{
	stop_server
	case_end
}
trap repository_end EXIT
