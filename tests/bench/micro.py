# SPDX-License-Identifier: MIT
"""Figures of libguard alone: decisions, image build and open, and of the
daemon: memory, start, latency under a storm, cold events."""
import hashlib
import json
import re
import subprocess
import time

SIZES = (1000, 100_000, 1_000_000, 10_000_000)
RULES = 50_000


def decide(build, digests):
    """ns per decision and open time, by tests/bench/decide; instructions by callgrind."""
    program = build / "tests/bench/decide"
    return json.loads(subprocess.run([program, "--json", str(digests)], check=True, capture_output=True,
                                     text=True).stdout)


def instructions(build, digests=1_000_000):
    """Instructions of one decision: the difference of two loop lengths."""
    counts = []
    for loops in (1000, 101_000):
        text = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                               build / "tests/bench/decide", "--json", "--decisions", str(loops), str(digests)],
                              check=True, capture_output=True, text=True).stderr
        counts.append(int(re.search(r"Collected : (\d+)", text).group(1)))
    return (counts[1] - counts[0]) / 100_000


def cache_misses(build, digests=1_000_000):
    """Last-level cache misses per decision where the machine counts them, else by cachegrind."""
    counts = []
    for loops in (1000, 101_000):
        text = subprocess.run(["valgrind", "--tool=cachegrind", "--cache-sim=yes", "--cachegrind-out-file=/dev/null",
                               build / "tests/bench/decide", "--json", "--decisions", str(loops), str(digests)],
                              check=True, capture_output=True, text=True).stderr
        counts.append(int(re.search(r"D1  misses:\s+([\d,]+)", text).group(1).replace(",", "")))
    return (counts[1] - counts[0]) / 100_000


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
