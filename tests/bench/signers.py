#!/usr/bin/python3
# SPDX-License-Identifier: MIT
#
# tests/bench/signers.py BUILD [--files N] - what the first sight of a signed program
# costs beyond that of a program that is listed by content: one exec each of N programs
# that nobody saw before, by `ima` (one inspector) and by `appended` with an authority and
# two certificates (several).  And what the attribution of a package of 1,000 files takes,
# beside its decompression alone.  As root; protects a tmpfs of its own.  Exit 1 when a
# bound of docs/signers.md ("What it costs") is broken.  Opt-in: no part of scripts/check.
import argparse
import contextlib
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

BOUND_MS = 1.0
KINDS = ("listed", "ima", "appended")
PAUSE = 0.02  # seconds between programs
BOUND_PACKAGE = 3.0  # times the decompression alone
PACKAGE_FILES, PACKAGE_FILE_SIZE = 1000, 65536
MARKER = b"~Module signature appended~\n"


def run(*words, **more):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, **more).stdout


def certificate(folder, name, issuer, *extensions):
    """NAME.key and NAME.pem, by itself or by `issuer`."""
    run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.csr",
        "-subj", f"/CN={name}")
    (folder / f"{name}.ext").write_text("".join(line + "\n" for line in extensions))
    by = ["-CA", folder / f"{issuer}.pem", "-CAkey", folder / f"{issuer}.key", "-CAcreateserial"] if issuer else \
        ["-signkey", folder / f"{name}.key"]
    run("openssl", "x509", "-req", "-in", folder / f"{name}.csr", "-days", "9", "-extfile", folder / f"{name}.ext",
        "-out", folder / f"{name}.pem", *by)


def append_signature(path, folder):
    run("openssl", "cms", "-sign", "-binary", "-outform", "DER", "-signer", folder / "leaf.pem", "-inkey", folder / "leaf.key",
        "-certfile", folder / "middle.pem", "-in", path, "-out", folder / "cms")
    cms = (folder / "cms").read_bytes()
    with open(path, "ab") as file:
        file.write(cms + bytes([0, 0, 2, 0, 0, 0, 0, 0]) + len(cms).to_bytes(4, "big") + MARKER)


def make_programs(disk, kind, program, count):
    folder = disk / kind
    folder.mkdir()
    for i in range(count):
        path = folder / f"{i}"
        path.write_bytes(program + f"{kind} {i}".encode())
        path.chmod(0o755)
        yield path


def make_all(given, work, disk):
    """Folders of programs, and the policy that lets them run."""
    program = (given.build / "tests/bench/static-true").read_bytes()
    certificate(work, "build", None, "extendedKeyUsage=codeSigning")
    certificate(work, "ca", None, "basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign")
    certificate(work, "middle", "ca", "basicConstraints=critical,CA:TRUE,pathlen:0", "keyUsage=critical,keyCertSign")
    certificate(work, "leaf", "middle", "extendedKeyUsage=codeSigning", "keyUsage=critical,digitalSignature")
    list(make_programs(disk, "listed", program, given.files))
    for path in make_programs(disk, "ima", program, given.files):
        run("evmctl", "ima_sign", "-a", "sha256", "--key", work / "build.key", path)
    for path in make_programs(disk, "appended", program, given.files):
        append_signature(path, work)
    control = given.build / "guardctl/guardctl"
    run(control, "scan", "--all", disk / "listed", "--mode", "enforce", "--id", "bench", "--output", work / "policy.conf")
    (work / "signers.conf").write_text(
        'groups = ( { name = "signed"; rules = (\n'
        f' {{ signers = ( {{ provider = "ima"; certificate = "{work}/build.pem"; }},\n'
        f'   {{ provider = "appended"; certificate = "{work}/ca.pem"; }},\n'
        f'   {{ provider = "package"; key = "{make_repository(work)}"; key_file = "{work}/repository.gpg"; }} ); }} ); }} );\n')
    run(control, "policy", "build", work / "policy.conf", work / "signers.conf", "--output", work / "policy.image")


def make_package(work):
    """Programs as compressible as programs are: pieces of one that is there."""
    tree, source = work / "tree", pathlib.Path(sys.executable).resolve().read_bytes()
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "opt/many").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        "Package: many\nVersion: 1\nArchitecture: all\nMaintainer: t <t@example.org>\nDescription: test\n")
    for i in range(PACKAGE_FILES):
        at = i * 4099 % max(1, len(source) - PACKAGE_FILE_SIZE)
        (tree / f"opt/many/{i}").write_bytes(b"\x7fELF" + i.to_bytes(4, "big") + source[at:at + PACKAGE_FILE_SIZE])
    (work / "repository").mkdir()
    run("dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "-b", tree, work / "repository/many.deb")
    return work / "repository/many.deb"


def make_repository(work):
    """The lists that apt would have of it; the fingerprint of its key."""
    make_package(work)
    home = work / "gnupg"
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet"]
    run(*gpg, "--passphrase", "", "--quick-gen-key", "bench <bench@example.org>", "ed25519", "sign", "never")
    folder, lists = work / "repository", work / "lists"
    lists.mkdir()
    (lists / "x_Packages").write_bytes(run("apt-ftparchive", "packages", ".", cwd=folder))
    (folder / "Packages").write_bytes((lists / "x_Packages").read_bytes())
    (folder / "Release").write_bytes(run("apt-ftparchive", "-o", "APT::FTPArchive::Release::Codename=bench", "release", ".", cwd=folder))
    run(*gpg, "--clearsign", "--output", lists / "x_InRelease", folder / "Release")
    (work / "repository.gpg").write_bytes(run(*gpg, "--export"))
    listing = run(*gpg, "--list-keys", "--with-colons", text=True)
    run("gpgconf", "--homedir", home, "--kill", "gpg-agent")
    return next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr"))


def attribution(given, work):
    """Seconds for the package, and for its decompression alone."""
    deb = work / "repository/many.deb"
    begin = time.perf_counter()
    run("dpkg-deb", "--fsys-tarfile", deb)
    alone = time.perf_counter() - begin
    begin = time.perf_counter()
    run(given.build / "guardctl/guardctl", "--socket", work / "run/guard.sock", "packages", "--lists", work / "lists", "add", deb)
    return time.perf_counter() - begin, alone


@contextlib.contextmanager
def daemon(given, work, disk):
    (work / "guardd.conf").write_text(
        f'state_dir = "{work}/state";\nrun_dir = "{work}/run";\nbackend = "fanotify";\n'
        f'protect = {{ filesystems = [ "{disk}" ]; }};\npolicy = {{ file = "{work}/policy.image"; }};\n')
    process = subprocess.Popen([given.build / "guardd/guardd", "--config", work / "guardd.conf", "--foreground"],
                               stdout=subprocess.PIPE, text=True)
    try:
        if not any(line.strip() == "ready" for line in iter(process.stdout.readline, "")):
            raise RuntimeError("guardd did not start")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def first_sight(path):
    """Milliseconds of an exec."""
    time.sleep(PAUSE)  # as when people start programs: one by one
    begin = time.perf_counter()
    pid = os.posix_spawn(path, [path.name], {})
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise RuntimeError(f"{path} did not run")
    return (time.perf_counter() - begin) * 1e3


def first_sights(disk, count):
    """Of each kind: milliseconds by number.  In turns, so that all have the same machine."""
    times = {kind: [] for kind in KINDS}
    for i in range(count):
        for kind in KINDS:
            times[kind].append(first_sight(disk / kind / f"{i}"))
    return times


def beyond(times, kind, share):
    """What so much of the fastest of this kind cost beyond the fastest that are listed."""
    return statistics.quantiles(times[kind], n=100)[share] - statistics.quantiles(times["listed"], n=100)[share]


def measure(given, work, disk):
    make_all(given, work, disk)
    with daemon(given, work, disk):
        package, alone = attribution(given, work)
        times = first_sights(disk, given.files)
    print("first exec of %d programs each, listed: median %.2f ms.  Beyond that: ima %.2f ms; appended, two certificates below an "
          "authority, %.2f ms.  (The fastest tenth: %.2f and %.2f ms.)"
          % (given.files, statistics.median(times["listed"]), beyond(times, "ima", 49), beyond(times, "appended", 49),
             beyond(times, "ima", 9), beyond(times, "appended", 9)))
    print("a package of %d programs, %d MiB: attributed in %.2f s; its decompression alone takes %.2f s"
          % (PACKAGE_FILES, PACKAGE_FILES * PACKAGE_FILE_SIZE >> 20, package, alone))
    return {"ima, ms": (beyond(times, "ima", 49), BOUND_MS), "appended, ms": (beyond(times, "appended", 49), BOUND_MS),
            "package, times its decompression": (package / alone, BOUND_PACKAGE)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--files", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="guard-bench-signers.") as folder:
        work = pathlib.Path(folder)
        disk = work / "disk"
        disk.mkdir()
        run("mount", "-t", "tmpfs", "-o", "mode=755,size=512m", "guard-bench-signers", disk)
        try:
            figures = measure(given, work, disk)
        finally:
            run("umount", disk)
    broken = ["%s: %.2f, more than %.1f" % (name, value, bound) for name, (value, bound) in figures.items() if value > bound]
    for line in broken:
        print(line, file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
