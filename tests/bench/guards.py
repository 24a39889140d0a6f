# SPDX-License-Identifier: MIT
"""The conditions that are compared: no guard, guard, the least handler, and the
peer (fapolicyd with its default integrity and with sha256).  Each is started
and stopped many times in one run, so that all see the same machine."""
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import time

PEER_RULES = ("10-languages", "20-dracut", "21-updaters", "30-patterns", "40-bad-elf", "41-shared-obj",
              "42-trusted-elf", "70-trusted-lang", "72-shell", "90-deny-execute", "95-allow-open")


def wait_for_line(process, word):
    for line in process.stdout:
        if word in line:
            return
    raise SystemExit(f"bench: {process.args[0]} ended before it said \"{word}\"")


class NoGuard:
    name = "none"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Process(NoGuard):
    """A daemon that says when it is ready and ends by SIGTERM."""
    ready = "ready"
    process = None

    def argv(self):
        raise NotImplementedError

    def __enter__(self):
        start = time.monotonic()
        self.process = subprocess.Popen([str(a) for a in self.argv()], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT if self.ready != "ready" else None, text=True)
        wait_for_line(self.process, self.ready)
        self.start_seconds = time.monotonic() - start
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.stdout.close()
        self.process.wait(timeout=60)

    def pids(self):
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True)
        return [self.process.pid] + [int(pid) for pid in children.stdout.split()]

    def memory_kib(self):
        """Proportional set size of all processes."""
        total = 0
        for pid in self.pids():
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total


class Handler(Process):
    name = "handler"

    def __init__(self, build, mount):
        self.command = [build / "tests/bench/handler", mount]

    def argv(self):
        return self.command


class Guard(Process):
    name = "guard"

    def __init__(self, build, mount, work):
        self.build, self.mount, self.dir = build, mount, work / "guard"
        self.dir.mkdir(exist_ok=True)
        self.image = self.dir / "policy.image"

    def make_policy(self):
        source = self.dir / "policy.conf"
        ctl = self.build / "guardctl/guardctl"
        subprocess.run([ctl, "scan", "--all", self.mount, "--output", source], check=True,
                       stderr=subprocess.DEVNULL)
        subprocess.run([ctl, "policy", "build", source, "--output", self.image], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def argv(self):
        config = self.dir / "guardd.conf"
        shutil.rmtree(self.dir / "state", ignore_errors=True)
        config.write_text(
            f'state_dir = "{self.dir}/state";\nrun_dir = "{self.dir}/run";\nbackend = "fanotify";\n'
            f'protect = {{ filesystems = [ "{self.mount}" ]; }};\npolicy = {{ file = "{self.image}"; }};\n')
        return [self.build / "guardd/guardd", "--config", config, "--foreground"]

    def ask(self, *words):
        return subprocess.run([self.build / "guardctl/guardctl", "--socket", self.dir / "run/guard.sock", "--json",
                               *words], check=True, capture_output=True, text=True).stdout


class Peer(Process):
    ready = "Starting to listen"

    def __init__(self, integrity, mount, work):
        self.name = f"fapolicyd-{integrity}"
        self.integrity, self.mount = integrity, mount
        self.dir = work / self.name
        self.dir.mkdir(exist_ok=True)

    def prepare(self):
        """Its configuration, bound over /etc/fapolicyd in our mount namespace."""
        samples = pathlib.Path("/usr/share/fapolicyd/sample-rules")
        (self.dir / "etc").mkdir(exist_ok=True)
        (self.dir / "lib").mkdir(exist_ok=True)
        (self.dir / "etc/trust.d").mkdir(exist_ok=True)
        (self.dir / "etc/compiled.rules").write_text(
            "".join((samples / f"{name}.rules").read_text() for name in PEER_RULES))
        (self.dir / "etc/fapolicyd.conf").write_text(
            "permissive = 0\nnice_val = 14\nq_size = 8192\nuid = root\ngid = root\ndo_stat_report = 0\n"
            "detailed_report = 0\ndb_max_size = 200\nsubj_cache_size = 1549\nobj_cache_size = 8191\n"
            f"watch_fs = ext4\ntrust = file\nintegrity = {self.integrity}\n"
            "syslog_format = rule,dec,perm,auid,pid,exe,:,path,ftype,trust\nallow_filesystem_mark = 0\n")
        with open(self.dir / "etc/fapolicyd.trust", "w") as trust:
            for path in self._trusted():
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                trust.write(f"{path} {path.stat().st_size} {digest}\n")

    def _trusted(self):
        programs = [pathlib.Path(p) for p in (
            "/usr/sbin/chroot", "/usr/bin/hyperfine", "/bin/sh", "/usr/bin/env", "/usr/bin/python3", "/bin/sync",
            "/usr/bin/openssl")]
        libraries = subprocess.run(["ldd", *map(str, programs)], capture_output=True, text=True).stdout
        words = [word for word in libraries.split() if word.startswith("/") and not word.endswith(":")]
        seen = {p.resolve() for p in programs + [pathlib.Path(w) for w in words] if p.exists()}
        for base, directories, names in os.walk(self.mount):
            directories[:] = [d for d in directories if d not in ("proc", "sys", "dev", "git", "user")]
            for name in names:
                path = pathlib.Path(base, name)
                if " " in str(path) or path.is_symlink() or not path.is_file():
                    continue
                if os.access(path, os.X_OK) or ".so" in name or name.endswith((".py", ".pyc", ".o", ".a")):
                    seen.add(path)
        return sorted(seen)

    def argv(self):
        return ["/usr/sbin/fapolicyd", "--debug-deny"]

    def __enter__(self):
        pathlib.Path("/run/fapolicyd").mkdir(exist_ok=True)
        subprocess.run(["mount", "--bind", self.dir / "etc", "/etc/fapolicyd"], check=True)
        subprocess.run(["mount", "--bind", self.dir / "lib", "/var/lib/fapolicyd"], check=True)
        super().__enter__()
        self._drain()
        return self

    def _drain(self):
        """Keep reading what it prints, so that it never waits on a full pipe."""
        import threading
        stream = self.process.stdout

        def drain():
            try:
                for _ in stream:
                    pass
            except ValueError:
                pass
        threading.Thread(target=drain, daemon=True).start()

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        subprocess.run(["umount", "/var/lib/fapolicyd"], check=False)
        subprocess.run(["umount", "/etc/fapolicyd"], check=False)
