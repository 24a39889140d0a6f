# SPDX-License-Identifier: MIT
"""Figures of libguard alone: decisions, instructions, image build and open; and
the made-up policies that the other parts use."""
import hashlib
import pathlib
import re
import subprocess
import time

SIZES = (1000, 100_000, 1_000_000, 10_000_000)
RULES = 50_000
SIGNER_RULES = 1000
QUESTIONS = 20_000       # under callgrind
MEMORY_10M_GIB = 8       # what 10 million digests take while their image is made


def gib_free():
    text = pathlib.Path("/proc/meminfo").read_text()
    return int(re.search(r"MemAvailable:\s+(\d+)", text).group(1)) / (1 << 20)


def sizes_of(run, part):
    sizes = SIZES[:3] if run.quick else SIZES
    if sizes[-1] > 1_000_000 and gib_free() < MEMORY_10M_GIB:
        run.note(part, f"10 million digests left out: less than {MEMORY_10M_GIB} GiB of memory are free")
        sizes = sizes[:3]
    return sizes


def output_of(run, program, *words):
    """What a program of tests/bench prints (it ends with 1 when its own limits are missed: the report judges)."""
    return subprocess.run([run.build / "tests/bench" / program, *map(str, words)], capture_output=True, text=True,
                          check=False).stdout


def number(pattern, text):
    return float(re.search(pattern, text).group(1))


def decisions(run, _):
    """Time per decision and to open the image, by number of digests; and with rules of signers and paths."""
    rows = run.data["decide"] = []
    for size in sizes_of(run, "decide"):
        text = output_of(run, "bench_decide", size)
        rows.append({"digests": size, "ns_per_decision": number(r"listed: median ([\d.]+) ns", text),
                     "unlisted_ns": number(r"unlisted: median ([\d.]+) ns", text),
                     "open_ms": number(r"open: ([\d.]+) ms", text),
                     "bytes": number(r"image: ([\d.]+) MB", text) * 1e6})
    text = output_of(run, "bench_rules", SIGNER_RULES)
    run.data["signer_rules"] = {"rules": SIGNER_RULES, "ns_per_decision": number(r"median ([\d.]+) ns", text)}


def counted(function, argv, out="/dev/null"):
    """Instructions and level 1 data misses of everything below a function."""
    text = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", "--cache-sim=yes",
                           f"--toggle-collect={function}", *map(str, argv)], capture_output=True, text=True).stderr
    names = re.search(r"Events\s+: (.*)", text).group(1).split()
    counts = dict.fromkeys(names, 0)  # zeros at the end of the line are left out
    counts.update(zip(names, map(int, re.search(r"Collected : (.*)", text).group(1).split())))
    return counts


def simulated(run, _):
    """Per decision, everything below guard_policy_decide counted: bench_decide asks each question twice,
    bench_rules 30 times."""
    tools, digests = run.build / "tests/bench", 100_000 if run.quick else 1_000_000
    image = run.work / f"decide-{digests}.image"
    subprocess.run([tools / "bench_decide", str(digests), "1000", image], stdout=subprocess.DEVNULL, check=False)
    counts = counted("guard_policy_decide", [tools / "bench_decide", digests, QUESTIONS, image])
    decisions_made = 2 * QUESTIONS
    result = {"digests": digests, "instructions": counts["Ir"] / decisions_made,
              "d1_misses": (counts["D1mr"] + counts["D1mw"]) / decisions_made,
              "ll_misses": (counts["DLmr"] + counts["DLmw"]) / decisions_made}
    counts = counted("guard_policy_decide", [tools / "bench_rules", SIGNER_RULES, 300])
    result["signer_rule_instructions"] = counts["Ir"] / (30 * 300)
    run.data["simulated"] = result


def list_of(path, count):
    """A sha256sum-format list of `count` made-up digests."""
    with open(path, "w") as out:
        for start in range(0, count, 10_000):
            out.write("".join(f"{hashlib.sha256(b'%d' % i).hexdigest()}  /opt/company/program-{i}\n"
                              for i in range(start, min(count, start + 10_000))))


def list_policy(source, listing):
    source.write_text('policy = { id = "bench"; version = 1; mode = "enforce"; };\n'
                      f'groups = ( {{ name = "all"; rules = ( {{ sha256_files = [ "{listing}" ]; }} ); }} );\n')


def images(run, _):
    """`guardctl policy build` of a list of digests, and how long the image takes to load."""
    rows = run.data["image"] = []
    listing, source, image = (run.work / f"big.{end}" for end in ("sha256", "conf", "image"))
    list_policy(source, listing)
    for size in sizes_of(run, "image"):
        list_of(listing, size)
        start = time.monotonic()
        subprocess.run([run.build / "guardctl/guardctl", "policy", "build", source, "--output", image], check=True,
                       capture_output=True)
        seconds = time.monotonic() - start
        text = output_of(run, "bench_decide", size, 0, image)
        rows.append({"digests": size, "build_s": seconds, "bytes": image.stat().st_size,
                     "open_ms": number(r"open: ([\d.]+) ms", text)})
        image.unlink()
    listing.unlink()


def rules_source(path, count):
    """A policy of `count` rules, digests and paths mixed, to lay beside the scanned one."""
    with open(path, "w") as out:
        out.write('groups = ( { name = "many"; rules = (\n')
        for i in range(count):
            comma = "," if i + 1 < count else ""
            if i % 50:
                digest = hashlib.sha256(f"rule {i}".encode()).hexdigest()
                out.write(f'{{ sha256 = [ "{digest}  /opt/p{i}" ]; }}{comma}\n')
            else:
                out.write(f'{{ paths = [ "/opt/vendor{i}/**" ]; kinds = [ "executable" ]; }}{comma}\n')
        out.write("); } );\n")
