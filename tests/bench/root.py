# SPDX-License-Identifier: MIT
"""The scratch root that the benchmark runs in: a small Debian with a compiler,
git and Python on a loop-mounted ext4 of its own.  Made once, kept as a tar in
the cache folder; every run works on a fresh copy."""
import os
import pathlib
import shutil
import subprocess
import time

PACKAGES = "gcc,libc6-dev,git,python3-minimal,make,binutils"
IMAGE_SIZE = "6G"


def run(*argv, **options):
    return subprocess.run([str(word) for word in argv], check=True, **options)


def mirror():
    """The first Debian mirror of this machine's own apt configuration."""
    for path in sorted(pathlib.Path("/etc/apt").glob("sources.list*")) + \
            sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*")):
        if not path.is_file():
            continue
        for line in path.read_text().splitlines():
            words = line.split()
            if words[:1] == ["URIs:"]:
                return words[1]
            if words[:1] == ["deb"]:
                return next(word for word in words[1:] if "://" in word)
    raise SystemExit("bench: no package source found under /etc/apt")


def base_tar(cache):
    tar = cache / "root.tar"
    if tar.exists():
        return tar
    print("bench: making the root file system (debootstrap, once)", flush=True)
    tree = cache / "root"
    shutil.rmtree(tree, ignore_errors=True)
    run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", "bookworm", tree, mirror(),
        stdout=subprocess.DEVNULL)
    run("tar", "-C", tree, "-cf", cache / "root.tar.part", ".")
    shutil.rmtree(tree)
    (cache / "root.tar.part").rename(tar)
    return tar


class Root:
    """A mounted scratch root; a context manager that leaves nothing behind."""

    def __init__(self, cache, work, tools, seed_files=10000, git_files=20000, sources=200):
        self.image, self.mount = work / "root.img", work / "root"
        self.tar, self.tools = base_tar(cache), tools
        self.counts = (seed_files, git_files, sources)

    def __enter__(self):
        self.mount.mkdir()
        run("truncate", "-s", IMAGE_SIZE, self.image)
        run("mkfs.ext4", "-q", "-F", self.image)
        run("mount", "-o", "loop", self.image, self.mount)
        run("tar", "-C", self.mount, "-xf", self.tar)
        for name in ("loops", "static-true"):
            run("install", "-m755", self.tools / name, self.mount / "usr/bin" / name)
        self._data()
        return self

    def __exit__(self, *_):
        run("umount", "-l", self.mount)
        self.image.unlink()

    def chill(self):
        """Nothing of it stays in memory: mounted anew, its image out of the page cache.  Right after a
        daemon has ended its handle may still be on the way out, so it is tried again."""
        for attempt in range(50):
            if subprocess.run(["umount", self.mount], capture_output=True).returncode == 0:
                break
            time.sleep(0.1)
        else:
            raise OSError(f"{self.mount} stays busy")
        with open(self.image, "rb") as image:
            os.fsync(image.fileno())
            os.posix_fadvise(image.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        run("mount", "-o", "loop", self.image, self.mount)

    def fill(self, name, count):
        """file-0 .. file-(count - 1), small, a user's, in a folder of the user's."""
        directory = self.mount / "home/bench" / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        for i in range(count):
            path = directory / f"file-{i}"
            path.write_text(f"{name} {i}\n")
            os.chown(path, 1000, 1000)
        os.chown(directory, 1000, 1000)
        os.sync()

    def add_unlisted(self):
        """A program that no policy lists, made after the lists."""
        path = self.mount / "home/bench/unlisted"
        path.write_bytes((self.mount / "usr/bin/true").read_bytes() + b"not listed")
        path.chmod(0o755)

    def _data(self):
        seed, git, sources = self.counts
        home = self.mount / "home/bench"
        for name in ("user", "git", "src", "work", "cold", "first"):
            (home / name).mkdir(parents=True)
        for i in range(seed):
            (home / "user" / f"file-{i}").write_text(f"a user's file {i}\n" * 20)
        (home / "user.txt").write_text("one user's file\n")
        for i in range(git):
            directory = home / "git" / f"d{i % 200}"
            directory.mkdir(exist_ok=True)
            (directory / f"f{i}.txt").write_text(f"tracked {i}\n")
        for i in range(sources):
            (home / "src" / f"m{i}.c").write_text(
                f"#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\nint f{i}(int x);\n"
                f"int f{i}(int x) {{ char b[64]; snprintf(b, sizeof b, \"%d\", x + {i}); return atoi(b) + (int)strlen(b); }}\n")
        (home / "src" / "Makefile").write_text(
            "all: $(patsubst %.c,%.o,$(wildcard *.c))\nclean:\n\trm -f *.o\n")
        run("chroot", self.mount, "sh", "-c",
            "cd /home/bench/git && git init -q . && git add . && "
            "git -c user.name=b -c user.email=b@localhost commit -qm seed && git status >/dev/null; "
            "tar -C /home/bench -cf /home/bench/user.tar user; chown -R 1000:1000 /home/bench/user /home/bench/user.txt; "
            "git config --global --add safe.directory '*'")
        self._first()

    def _first(self):
        """Copies of a program, padded: every one a first sight of known content."""
        first = self.mount / "home/bench/first"
        program = (self.mount / "usr/bin/loops").read_bytes()
        small = (self.mount / "usr/bin/true").read_bytes()
        for label, base, size, copies in (("10KB", small, 36 << 10, 40), ("1MB", program, 1 << 20, 30),
                                          ("200MB", program, 200 << 20, 5)):
            content = base + b"\0" * max(0, size - len(base))
            for i in range(copies):
                path = first / f"{label}-{i}"
                path.write_bytes(content)
                path.chmod(0o755)
        run("sync")
        for path in first.iterdir():
            with open(path, "rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)


class Twin:
    """A copy of the scratch root that nobody watches: mounted at the same path, in a
    mount namespace that no daemon of the run is in."""

    def __init__(self, scratch):
        self.scratch, self.image, self.holder = scratch, scratch.image.with_name("twin.img"), None

    def __enter__(self):
        mount = self.scratch.mount
        run("fsfreeze", "--freeze", mount)
        try:
            run("cp", "--sparse=always", "--reflink=auto", self.scratch.image, self.image)
        finally:
            run("fsfreeze", "--unfreeze", mount)
        self.holder = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c",
             'umount "$1" && mount -o loop "$2" "$1" && echo ready && exec sleep infinity', "sh", mount, self.image],
            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
        if self.holder.stdout.readline().strip() != "ready":
            self.__exit__()
            raise OSError("the twin of the scratch root cannot be mounted")
        self.inside = ["nsenter", f"--mount=/proc/{self.holder.pid}/ns/mnt"]
        return self

    def __exit__(self, *_):
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()
        self.image.unlink(missing_ok=True)
