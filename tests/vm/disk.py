# SPDX-License-Identifier: MIT
#
# tests/vm/disk.py - the second disk of the guest: the packages under test, a
# small package repository, and the integration cases with their payloads.
import glob
import gzip
import hashlib
import os
import shutil
import subprocess

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def output(*command, **options):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, **options).stdout


def packages(build, into):
    """The four packages that the build makes; made now when they are not there."""
    os.makedirs(into)
    subprocess.run(["cpack", "-G", "DEB", "-B", into], cwd=build, check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(os.path.join(into, "_CPack_Packages"), ignore_errors=True)
    return sorted(glob.glob(into + "/*.deb"))


def download(name, cache):
    """A package of the distribution, kept in the cache."""
    folder = os.path.join(cache, "extra")
    os.makedirs(folder, exist_ok=True)
    if not glob.glob("%s/%s_*.deb" % (folder, name)):
        subprocess.run(["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", name], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
    return glob.glob("%s/%s_*.deb" % (folder, name))[0]


def hostile_package(folder):
    """A package whose installation script, not its content, is the attack."""
    tree = os.path.join(folder, "hostile")
    os.makedirs(tree + "/DEBIAN")
    with open(tree + "/DEBIAN/control", "w") as file:
        file.write("Package: guard-hostile\nVersion: 1\nArchitecture: all\nMaintainer: test\nDescription: test\n")
    with open(tree + "/DEBIAN/postinst", "w") as file:
        file.write("#!/bin/sh\necho ran > /run/guard-hostile\n")
    os.chmod(tree + "/DEBIAN/postinst", 0o755)
    deb = os.path.join(folder, "guard-hostile_1_all.deb")
    output("dpkg-deb", "--root-owner-group", "--build", tree, deb)
    shutil.rmtree(tree)
    return deb


def index(folder):
    """A flat repository out of a folder of packages."""
    entries = []
    for deb in sorted(glob.glob(folder + "/*.deb")):
        with open(deb, "rb") as file:
            content = file.read()
        entries.append(output("dpkg-deb", "--field", deb).strip() + "\nFilename: ./%s\nSize: %d\nSHA256: %s\n"
                       % (os.path.basename(deb), len(content), hashlib.sha256(content).hexdigest()))
    with gzip.open(folder + "/Packages.gz", "wt") as file:
        file.write("\n".join(entries))


def make(path, build, cache, folder):
    """The disk image at `path`."""
    tree = os.path.join(folder, "tests-disk")
    debs = packages(build, tree + "/debs")
    if len(debs) != 4:
        raise SystemExit("vm: cpack made %d packages, not libguard0, libguard-dev, guardd, guardctl" % len(debs))
    os.makedirs(tree + "/repo")
    shutil.copy(download("hello", cache), tree + "/repo")
    hostile_package(tree + "/repo")
    index(tree + "/repo")
    shutil.copytree(TESTS + "/integration", tree + "/integration", ignore=shutil.ignore_patterns("helpers"))
    subprocess.run([TESTS + "/integration/helpers/build", tree + "/integration/listed"], check=True)
    extra = os.environ.get("GUARD_VM_EXTRA")  # a folder that goes along, listed with all the rest
    if extra:
        subprocess.run(["cp", "-a", extra, tree + "/extra"], check=True)
    subprocess.run(["chown", "-R", "0:0", tree], check=True)
    subprocess.run(["chmod", "-R", "go-w,a+rX", tree], check=True)
    with open(path, "wb") as file:
        file.truncate((2 << 30) if extra else (128 << 20))
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", tree, path], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
