# SPDX-License-Identifier: MIT
"""The conditions that are compared: no guard, guard, the least handler, and the
peer (fapolicyd with its default integrity and with sha256).  Each is started
and stopped many times in one run, so that all see the same machine."""
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

READY_SECONDS = 60

PEER_RULES = ("10-languages", "20-dracut", "21-updaters", "30-patterns", "40-bad-elf", "41-shared-obj",
              "42-trusted-elf", "70-trusted-lang", "72-shell", "90-deny-execute", "95-allow-open")


class Failed(Exception):
    """A condition that could not be had."""


def wait_for_line(process, word):
    timer = threading.Timer(READY_SECONDS, process.kill)
    timer.start()
    last = ""
    try:
        for line in process.stdout:
            if line.strip() == word or (" " in word and word in line):
                return
            last = line.strip() or last
    finally:
        timer.cancel()
    process.wait()
    raise Failed(f"{process.args[0]} ended before it said \"{word}\"" + (f"; the last it said: {last}" if last else ""))


def in_root(mount, *words):
    """What a program in the scratch root prints; JSON is taken apart."""
    text = subprocess.run(["/usr/sbin/chroot", mount, *words], check=True, capture_output=True, text=True).stdout
    return json.loads(text) if text.startswith("{") else text


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
                                        stderr=subprocess.STDOUT, text=True)
        try:
            wait_for_line(self.process, self.ready)
        except BaseException:
            self.end()
            raise
        self.start_seconds = time.monotonic() - start
        return self

    def __exit__(self, *_):
        """A part whose time is over in here still leaves no daemon behind: the alarm waits."""
        usual = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
        try:
            self.end()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, usual)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.stdout.close()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def pids(self):
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True)
        return [self.process.pid] + [int(pid) for pid in children.stdout.split()]

    def memory_by_process(self):
        """Proportional set size in KiB of each process, by its name and number."""
        result = {}
        for pid in self.pids():
            name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    result[f"{name} {pid}"] = int(line.split()[1])
        return result

    def memory_kib(self):
        return sum(self.memory_by_process().values())


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
        subprocess.run([ctl, "scan", "--all", self.mount, "--output", source], check=True, capture_output=True)
        subprocess.run([ctl, "policy", "build", source, "--output", self.image], check=True, capture_output=True)

    @contextlib.contextmanager
    def using(self, image):
        """Another policy for a while."""
        usual, self.image = self.image, image
        try:
            yield self
        finally:
            self.image = usual

    def argv(self):
        config = self.dir / "guardd.conf"
        shutil.rmtree(self.dir / "state", ignore_errors=True)
        config.write_text(
            f'state_dir = "{self.dir}/state";\nrun_dir = "{self.dir}/run";\nbackend = "fanotify";\n'
            f'protect = {{ filesystems = [ "{self.mount}" ]; }};\npolicy = {{ file = "{self.image}"; }};\n')
        # As its unit does (packaging/guardd.service.in); the peer sees to that itself.
        return ["nice", "-n", "-5", self.build / "guardd/guardd", "--config", config, "--foreground"]

    def ask(self, *words):
        return subprocess.run([self.build / "guardctl/guardctl", "--socket", self.dir / "run/guard.sock", "--json",
                               *words], check=True, capture_output=True, text=True).stdout

    def status(self):
        return json.loads(self.ask("status"))


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
        if not samples.is_dir():
            raise Failed("fapolicyd is not installed")
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
            "/usr/bin/nsenter", "/usr/sbin/chroot", "/usr/bin/hyperfine", "/bin/sh", "/usr/bin/env", "/usr/bin/python3", "/bin/sync",
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
        for name, target in (("etc", "/etc/fapolicyd"), ("lib", "/var/lib/fapolicyd")):
            subprocess.run(["mount", "--bind", self.dir / name, target], check=True, capture_output=True)
        super().__enter__()
        threading.Thread(target=self._drain, daemon=True).start()
        return self

    def _drain(self):
        """Keep reading what it prints, so that it never waits on a full pipe."""
        with contextlib.suppress(ValueError, OSError):
            for _ in self.process.stdout:
                pass

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for target in ("/var/lib/fapolicyd", "/etc/fapolicyd"):
            subprocess.run(["umount", target], check=False, capture_output=True)
