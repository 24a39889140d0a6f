# SPDX-License-Identifier: MIT
"""Figures of libguard alone: decisions, image build and open, and of the
daemon: memory, start, latency under a storm, cold events."""
import hashlib
import re
import subprocess
import time

SIZES = (1000, 100_000, 1_000_000, 10_000_000)
RULES = 50_000


def decide(build, digests):
    """Time per decision and to open the image, by tests/bench/decide.c (which
    ends with 1 when its own limits are missed: the report judges here)."""
    text = subprocess.run([build / "tests/bench/bench_decide", str(digests)], capture_output=True, text=True).stdout

    def number(pattern):
        return float(re.search(pattern, text).group(1))
    return {"digests": digests, "ns_per_decision": number(r"listed: median ([\d.]+) ns"),
            "unlisted_ns": number(r"unlisted: median ([\d.]+) ns"), "open_ms": number(r"open: ([\d.]+) ms"),
            "bytes": number(r"image: ([\d.]+) MB") * 1e6}


def simulated(build, digests, questions=20_000):
    """Instructions and level 1 data misses of one decision, everything below
    guard_policy_decide counted; the program decides twice per question."""
    text = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--cache-sim=yes",
                           "--toggle-collect=guard_policy_decide", build / "tests/bench/bench_decide", str(digests),
                           str(questions)], capture_output=True, text=True).stderr
    names = re.search(r"Events\s+: (.*)", text).group(1).split()
    counts = dict(zip(names, map(int, re.search(r"Collected : (.*)", text).group(1).split())))
    return {"instructions": counts["Ir"] / (2 * questions),
            "d1_misses": (counts["D1mr"] + counts["D1mw"]) / (2 * questions)}


def list_of(path, count):
    """A sha256sum-format list of `count` made-up digests."""
    with open(path, "w") as out:
        for i in range(count):
            out.write(f"{hashlib.sha256(str(i).encode()).hexdigest()}  /opt/company/program-{i}\n")


def image_build(build, work, count=1_000_000):
    listing, source, image = work / "big.sha256", work / "big.conf", work / "big.image"
    list_of(listing, count)
    source.write_text('policy = { id = "bench"; version = 1; mode = "enforce"; };\n'
                      f'groups = ( {{ name = "all"; rules = ( {{ sha256_files = [ "{listing}" ]; }} ); }} );\n')
    start = time.monotonic()
    subprocess.run([build / "guardctl/guardctl", "policy", "build", source, "--output", image], check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.monotonic() - start
    listing.unlink()
    return {"digests": count, "build_s": seconds, "bytes": image.stat().st_size}


def rules_source(path, count=RULES):
    """A policy of `count` rules, digests and paths mixed, to lay beside the scanned one."""
    with open(path, "w") as out:
        out.write('groups = ( { name = "many"; rules = (\n')
        for i in range(count):
            digest = hashlib.sha256(f"rule {i}".encode()).hexdigest()
            comma = "," if i + 1 < count else ""
            if i % 50:
                out.write(f'{{ sha256 = [ "{digest}  /opt/p{i}" ]; }}{comma}\n')
            else:
                out.write(f'{{ paths = [ "/opt/vendor{i}/**" ]; kinds = [ "executable" ]; }}{comma}\n')
        out.write("); } );\n")
