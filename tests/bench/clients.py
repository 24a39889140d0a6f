#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Many simulated machines against one nginx: what a repository serves.

clients.py [--build BUILD] [--clients 10000] [--offices 2000] [--digests 1000000]
           [--interval 60] [--lanes 64]

Makes a repository of that size with guardctl, lets nginx serve it on loopback over
TLS, and tells: how long publishing takes, how many checks a second are answered, how
many bytes a check and a change cost a client (TCP payload, TLS included), and when
95 % of the clients have a new exception.  Every client checks once in an interval, at
a moment of its own, on a connection of its own, as guardd does; what it is told it
believes: verifying is measured elsewhere.  Protects nothing, needs no root.
"""
import argparse
import asyncio
import gzip
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

TCP_INFO_SIZE = 192  # struct tcp_info: bytes acknowledged at 120, received at 128


def processor():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def guardctl(company, *words):
    """How long it took, and how much of that it was computing: for a busy machine."""
    begin, used = time.monotonic(), processor()
    subprocess.run([company.guardctl, *words], cwd=company.folder, check=True, stdout=subprocess.DEVNULL)
    return f"{time.monotonic() - begin:.2f} s, of these {processor() - used:.2f} s of processor"


class Company:
    """The administrator's folder, with offices that have one exception each."""

    def __init__(self, folder, arguments):
        self.folder, self.guardctl = folder, os.path.join(arguments.build, "guardctl", "guardctl")
        self.web = os.path.join(folder, "published")
        os.mkdir(os.path.join(folder, "keys"))
        for key in ("hq", "online", "office"):
            guardctl(self, "keys", "new", f"keys/{key}", "--unattended")
        self.write("repo.conf", """directory = "published";
keys = { root = { keys = [ "keys/hq.pub" ]; }; targets = { keys = [ "keys/hq.pub" ]; }; deny = { keys = [ "keys/hq.pub" ]; };
 snapshot = { keys = [ "keys/online.pub" ]; }; timestamp = { keys = [ "keys/online.pub" ]; }; };
profiles = ( { name = "desktop"; sources = [ "hq.conf" ]; } );
""")
        self.write("hq.conf", 'policy = { id = "big"; version = 1; };\n'
                   'groups = ( { name = "all"; rules = ( { sha256_files = [ "all.sha256" ]; } ); } );\n')
        self.write("all.sha256", "".join(f"{hashlib.sha256(b'%d' % i).hexdigest()}  /usr/bin/program-{i}\n"
                                         for i in range(arguments.digests)))
        now = time.time()
        begin, end = (time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(now + days * 86400)) for days in (-1, 30))
        for i in range(arguments.offices):
            name = f"branch-{i:04d}"
            os.makedirs(os.path.join(folder, "offices", name))
            self.write(f"offices/{name}/office.conf", 'office = { keys = [ "keys/office.pub" ]; '
                       f'machines = ( {{ host = "b{i:04d}-*"; profile = "desktop"; }} ); }};\n')
            self.write(f"offices/{name}/x.conf", f'exception = {{ id = "x"; version = 1; office = "{name}"; '
                       f'from = "{begin}"; expires = "{end}"; reason = "r"; }};\n'
                       f'groups = ( {{ name = "x"; rules = ( {{ sha256 = [ "{hashlib.sha256(b"o%d" % i).hexdigest()}" ]; }} ); }} );\n')
        guardctl(self, "repo", "init", "--key", "keys/hq")

    def write(self, path, text):
        with open(os.path.join(self.folder, path), "w", encoding="utf-8") as file:
            file.write(text)

    def publish(self):
        return guardctl(self, "repo", "publish", "--key", "keys/hq", "--key", "keys/online", "--key", "keys/office")

    def add_exception(self, office, word):
        return guardctl(self, "exception", "add", "--office", office, "--sha256", hashlib.sha256(word).hexdigest(),
                        "--id", word.decode(), "--until", "20d", "--reason", "r", "--key", "keys/office", "--key", "keys/online")


class Server:
    """nginx of this system, as docs/distribution.md and the README have it."""

    def __init__(self, folder, web):
        self.folder, self.snapshots = os.path.join(folder, "nginx"), {}
        os.mkdir(self.folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                        "-keyout", self.folder + "/key", "-out", self.folder + "/pem"], check=True, stderr=subprocess.DEVNULL)
        with open(self.folder + "/conf", "w", encoding="utf-8") as file:
            file.write(f"""daemon off; pid {self.folder}/pid; error_log {self.folder}/error; worker_processes 1;
events {{ worker_connections {resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 3}; }}
http {{ access_log {self.folder}/access combined; client_body_temp_path {self.folder}/a; proxy_temp_path {self.folder}/b;
 fastcgi_temp_path {self.folder}/c; uwsgi_temp_path {self.folder}/d; scgi_temp_path {self.folder}/e;
 server {{ listen 127.0.0.1:{self.port} ssl backlog=4096; ssl_certificate {self.folder}/pem; ssl_certificate_key {self.folder}/key;
  root {web}; gzip_static on; }} }}
""")
        self.process = subprocess.Popen(["nginx", "-c", self.folder + "/conf", "-e", self.folder + "/error"])
        self.context = ssl.create_default_context(cafile=self.folder + "/pem")
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("nginx does not listen")

    def processor(self):
        """Seconds of processor that nginx has used, its worker included."""
        used, tick = 0.0, os.sysconf("SC_CLK_TCK")
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            pids = [self.process.pid, *map(int, file.read().split())]
        for pid in pids:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            used += (int(fields[11]) + int(fields[12])) / tick
        return used

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Client:
    """What one machine remembers between two checks."""

    def __init__(self, server, office, known):
        self.server, self.office = server, office
        self.etag, self.snapshot, self.role = known
        self.bytes = self.checks = self.failures = 0

    async def get(self, reader, writer, path, etag=None, packed=False):
        condition = f"If-None-Match: {etag}\r\n" if etag else ""
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nUser-Agent: {'guard/1 ' + 'x' * 260}\r\n"
                     f"{condition}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        fields = {line.split(":", 1)[0].lower(): line.split(":", 1)[1].strip() for line in head.split("\r\n")[1:] if ":" in line}
        status = int(head.split(" ", 2)[1])
        body = b"" if status == 304 else await reader.readexactly(int(fields["content-length"]))
        if fields.get("content-encoding") == "gzip" and not packed:
            body = gzip.decompress(body)
        return status, fields.get("etag"), body

    async def check(self):
        """One check; true when something new has come."""
        reader, writer = await asyncio.open_connection("localhost", self.server.port, ssl=self.server.context,
                                                       family=socket.AF_INET)
        try:
            status, etag, body = await self.get(reader, writer, "/metadata/timestamp.json", self.etag)
            self.checks += 1
            if status == 200:
                await self.follow(reader, writer, body)
                self.etag = etag
            information = writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_SIZE)
            self.bytes += int.from_bytes(information[120:128], sys.byteorder) + int.from_bytes(information[128:136], sys.byteorder)
            return status == 200
        finally:
            writer.close()

    async def try_check(self):
        """As a machine: what fails is tried again at the next check."""
        try:
            return await self.check()
        except (OSError, EOFError, ssl.SSLError):
            self.failures += 1
            return False

    async def follow(self, reader, writer, body):
        version = json.loads(body)["signed"]["meta"]["snapshot.json"]["version"]
        _, _, body = await self.get(reader, writer, f"/metadata/{version}.snapshot.json", packed=True)
        if version not in self.server.snapshots:  # one machine's work each, but not this one's for all
            self.server.snapshots[version] = json.loads(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)["signed"]["meta"]
        role = self.server.snapshots[version][f"{self.office}.json"]["version"]
        if role != self.role:
            _, _, body = await self.get(reader, writer, f"/metadata/{role}.{self.office}.json")
            path, target = next(iter(json.loads(body)["signed"]["targets"].items()))
            folder, name = path.rsplit("/", 1)
            await self.get(reader, writer, f"/targets/{folder}/{target['hashes']['sha256']}.{name}")
        self.snapshot, self.role = version, role


async def all_at_once(clients, lanes):
    """Every client checks once, `lanes` at a time; seconds."""
    queue, begin = list(clients), time.monotonic()

    async def lane():
        while queue:
            await queue.pop().try_check()

    await asyncio.gather(*(lane() for _ in range(lanes)))
    return time.monotonic() - begin


async def arrival(clients, interval, change):
    """Each client checks once an interval; after `change` the moments of arrival."""
    moments, published, begin = [], None, time.monotonic()

    async def live(client):
        await asyncio.sleep(random.uniform(0, interval))
        while True:
            due = time.monotonic() + interval * random.uniform(0.9, 1.1)
            if await client.try_check():
                moments.append(time.monotonic())
                return
            await asyncio.sleep(max(0, due - time.monotonic()))

    tasks = [asyncio.create_task(live(client)) for client in clients]
    await asyncio.sleep(interval / 6)
    seconds = await asyncio.to_thread(change)
    published = time.monotonic()
    await asyncio.gather(*tasks)
    arrived = sorted(max(0, moment - published) for moment in moments)
    return seconds, arrived, time.monotonic() - begin


def say(what, value):
    print(f"| {what} | {value} |", flush=True)


def measure(company, server, arguments):
    timestamp = json.load(open(company.web + "/metadata/timestamp.json", encoding="utf-8"))
    version = timestamp["signed"]["meta"]["snapshot.json"]["version"]
    roles = json.load(open(f"{company.web}/metadata/{version}.snapshot.json", encoding="utf-8"))["signed"]["meta"]
    offices = sorted(name[:-5] for name in roles if name.startswith("branch-"))

    async def first_etag():
        probe = Client(server, offices[0], (None, 0, 0))
        await probe.check()
        return probe

    probe = asyncio.run(first_etag())
    make = lambda i: Client(server, offices[i % len(offices)],
                            (probe.etag, version, roles[offices[i % len(offices)] + ".json"]["version"]))
    clients = [make(i) for i in range(arguments.clients)]
    used = server.processor()
    seconds = asyncio.run(all_at_once(clients, arguments.lanes))
    used = server.processor() - used
    say(f"checks without a change, {arguments.lanes} at a time, a TLS connection each",
        f"{len(clients) / seconds:.0f} a second; {used / len(clients) * 1000:.2f} ms of nginx each")
    say("bytes of a check without a change, both ways, TLS handshake included", f"{sum(c.bytes for c in clients) / len(clients):.0f}")
    for client in clients:
        client.bytes = client.checks = client.failures = 0
    change = lambda: company.add_exception(offices[0], b"new")
    publish, arrived, lasted = asyncio.run(arrival(clients, arguments.interval, change))
    own = [c for c in clients if c.office == offices[0]]
    checks = sum(c.checks for c in clients)
    say("one exception signed and published while they check", publish)
    say(f"95 % of {len(clients)} clients have it, interval {arguments.interval} s",
        f"{arrived[int(len(arrived) * 0.95)]:.0f} s after it was published (half: {arrived[len(arrived) // 2]:.0f} s, "
        f"all: {arrived[-1]:.0f} s)")
    say("checks a second meanwhile", f"{checks / lasted:.0f}")
    if sum(c.failures for c in clients):
        say("checks that failed and were made again at the next interval", sum(c.failures for c in clients))
    say("bytes per client of another office, all checks of that time and the news", f"{sum(c.bytes for c in clients if c not in own) / max(1, len(clients) - len(own)):.0f}")
    say("bytes per client of the office with the exception", f"{sum(c.bytes for c in own) / len(own):.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--build", default=os.path.join(here, "../../build"))
    parser.add_argument("--clients", type=int, default=10000)
    parser.add_argument("--offices", type=int, default=2000)
    parser.add_argument("--digests", type=int, default=1000000)
    parser.add_argument("--interval", type=float, default=60)
    parser.add_argument("--lanes", type=int, default=64)
    arguments = parser.parse_args()
    arguments.build = os.path.abspath(arguments.build)
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    folder = tempfile.mkdtemp(prefix="guard-clients-", dir="/var/tmp")
    server = None
    try:
        os.chmod(folder, 0o755)
        company = Company(folder, arguments)
        print(f"{arguments.clients} clients, {arguments.digests} digests, {arguments.offices} offices\n\n| | |\n|---|---|")
        say("first publication", company.publish())
        say("publication without a change", company.publish())
        server = Server(folder, company.web)
        measure(company, server, arguments)
    finally:
        if server:
            server.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
