# SPDX-License-Identifier: MIT
#
# tests/vm/signers_disk.py - the second disk of the guest whose policy names two
# keys: archive copies of its packages with the InRelease and Packages that Debian
# signed, a mirror of a few of them, changed and unsigned copies, older builds by a
# vendor, and his catalog.  Makes files; boots nothing.
import glob
import hashlib
import os
import shutil
import subprocess

import disk

KEY = "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8"  # Debian archive automatic signing key (12/bookworm)
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SUITE = "bookworm"
OLDER = ("at", "cron", "gawk", "openssl", "zip")  # with services, and scripts that run when they are replaced
HERE = os.path.dirname(os.path.abspath(__file__))
POLICY = '''policy = { id = "two-keys"; version = %d; mode = "%s"; default = "deny"; };
groups = (
  { name = "Debian"; rules = ( { signers = ( { provider = "package"; key = "%s"; key_file = "debian.gpg"; } ); } ); },
  { name = "Acme"; rules = ( { signers = ( { provider = "catalog"; certificate = "acme.pem"; } ); } ); }
);
'''


def policy(version, mode):
    return POLICY % (version, mode, KEY)


def run(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, **options).stdout


def lists(into):
    """The host's InRelease and Packages of the suite's main part, by their own names."""
    path = run("apt-get", "indextargets", "--format", "$(FILENAME)", "Codename: " + SUITE, "Created-By: Packages",
               "Component: main", text=True).splitlines()
    found = [name for name in path if "_dists_%s_main_" % SUITE in name]
    packages = glob.glob(found[0] + "*") if found else []
    release = found[0].split("_main_")[0] + "_InRelease" if found else ""
    if not packages or not os.path.exists(release):
        return None
    os.makedirs(into)
    shutil.copy(release, into)
    with open(os.path.join(into, os.path.basename(found[0])), "wb") as file:
        file.write(run("/usr/lib/apt/apt-helper", "cat-file", packages[0]))
    return os.path.join(into, os.path.basename(release)), os.path.join(into, os.path.basename(found[0]))


def index_of(path):
    """SHA-256 -> file name in the mirror."""
    entries, name = {}, ""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith("Filename: "):
                name = line[10:].strip()
            elif line.startswith("SHA256: "):
                entries[line[8:].strip()] = name
    return entries


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def rebuild(deb, tree, into, version, change):
    """Another build of a package: `change` alters every program and script in it."""
    run("dpkg-deb", "-R", deb, tree)
    control = tree + "/DEBIAN/control"
    with open(control) as file:
        lines = ["Version: %s\n" % version if line.startswith("Version: ") else line for line in file]
    with open(control, "w") as file:
        file.writelines(lines)
    for folder, _, names in os.walk(tree):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            with open(path, "r+b") as file:
                head = file.read(4)
                if head == b"\x7fELF" or head[:2] == b"#!":
                    file.seek(0, os.SEEK_END)
                    file.write(change)
    # Sums of files that were changed would be wrong.
    if os.path.exists(tree + "/DEBIAN/md5sums"):
        os.unlink(tree + "/DEBIAN/md5sums")
    run("dpkg-deb", "--root-owner-group", "-Znone", "-b", tree, into)


def vendor(folder, build, trees):
    """A key, its certificate, and a signed list of all that is in the trees."""
    os.makedirs(folder)
    run("openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-keyout", folder + "/acme.key", "-out",
        folder + "/acme.pem", "-days", "30", "-subj", "/O=Acme/CN=Acme build", "-addext",
        "extendedKeyUsage=codeSigning", stderr=subprocess.DEVNULL)
    shutil.copy(KEYRING, folder + "/debian.gpg")
    run(build + "/guardctl/guardctl", "sign", "catalog", "--all", "--key", folder + "/acme.key", "--certificate",
        folder + "/acme.pem", "--output", folder + "/acme.sha256", *trees, stderr=subprocess.DEVNULL)


def mirror(into, release, packages, debs):
    """As Debian's own, with a few packages only."""
    place = "%s/dists/%s/main/binary-amd64" % (into, SUITE)
    os.makedirs(place)
    shutil.copy(release, "%s/dists/%s/InRelease" % (into, SUITE))
    os.link(packages, place + "/Packages")
    for deb, name in debs:
        os.makedirs(os.path.dirname(os.path.join(into, name)), exist_ok=True)
        shutil.copy(deb, os.path.join(into, name))


def cached(folder, cache):
    """Package -> archive copy that the image was made from."""
    return {os.path.basename(path).split("_")[0]: path for path in sorted(glob.glob(cache + "/debs/*.deb"))}


def upgraded(folder):
    """Package -> version that the upgrade leads to."""
    with open(folder + "/signers.versions") as file:
        return dict(line.split() for line in file)


def older(tree, debs, work):
    """Builds by the vendor, older than Debian's; the trees that they were made from."""
    os.makedirs(tree)
    trees, versions = [], {}
    for name in OLDER:
        versions[name] = run("dpkg-deb", "-f", debs[name], "Version", text=True).strip()
        rebuild(debs[name], work + "/" + name, "%s/%s.deb" % (tree, name), versions[name] + "~acme", b"\n# acme\n")
        trees.append(work + "/" + name)
    return trees, versions


def fill(tree, work, build, cache):
    """Everything on the disk; a sentence when the host cannot provide it."""
    found = lists(tree + "/lists")
    if not found:
        return "apt has no lists of %s here: run apt-get update" % SUITE
    entries = index_of(found[1])
    debs = cached(tree, cache)
    hello = disk.download("hello", cache)
    unknown = [name for name, path in debs.items() if digest(path) not in entries]
    if unknown or digest(hello) not in entries:
        return ("the image was made of packages that apt's lists have not any more (%s): remove %s, it is made anew"
                % (", ".join(unknown[:4]) or "hello", cache))
    guard = disk.packages(build, tree + "/guard")
    os.makedirs(tree + "/archives")
    for name, path in debs.items():
        if name not in OLDER:
            shutil.copy(path, tree + "/archives")
    offered = [(debs[name], entries[digest(debs[name])]) for name in OLDER] + [(hello, entries[digest(hello)])]
    mirror(tree + "/debian", *found, offered)
    os.makedirs(tree + "/unsigned")
    shutil.copy(hello, tree + "/unsigned")
    disk.index(tree + "/unsigned")
    os.makedirs(tree + "/changed")
    rebuild(hello, work + "/hello", tree + "/changed/hello.deb", "2.10-3", b"\0")
    trees, versions = older(tree + "/old", debs, work)
    with open(os.path.dirname(work) + "/signers.versions", "w") as file:
        file.writelines("%s %s\n" % pair for pair in versions.items())
    for deb in guard:
        trees.append(work + "/" + os.path.basename(deb))
        run("dpkg-deb", "-R", deb, trees[-1])
    vendor(tree + "/acme", build, trees + [HERE + "/agent.py"])
    return ""


def make(folder, build):
    """folder/signers.img; returns a reason when it cannot be made here."""
    tree, work = folder + "/signers-disk", folder + "/signers-work"
    os.makedirs(work)
    reason = fill(tree, work, build, os.environ.get("GUARD_VM_CACHE", "/var/tmp/guard-vm"))
    if not reason:
        run("chown", "-R", "0:0", tree)
        run("chmod", "-R", "go-w,a+rX", tree)
        with open(folder + "/signers.img", "wb") as file:
            file.truncate(512 << 20)
        run("mke2fs", "-q", "-t", "ext4", "-d", tree, folder + "/signers.img")
    shutil.rmtree(work, ignore_errors=True)
    shutil.rmtree(tree, ignore_errors=True)
    return reason
