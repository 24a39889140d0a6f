#!/usr/bin/python3
# SPDX-License-Identifier: MIT
#
# tests/bench/unlock.py BUILD [--machines N] [--log2-n N] [--seconds S] - what unlock by
# phone costs, with the programs that people use: verifiers for N machines (10,000: about
# a quarter of an hour on two cores), one answer, and guesses at a real set.  Exit 1 when
# a bound of docs/phone-unlock.md ("Cost") is broken.  Opt-in: no part of scripts/check.
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

BOUND_ANSWER, BOUND_SETS = 1.0, 20 * 60  # seconds; the second for 10,000 machines
CORES = 2                                # that the bound is for


def timed(command):
    """Seconds by the wall, seconds of processor, output.  A bound is held against the
    processor's: a machine that is busy with other work is no failure."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    output = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (time.monotonic() - begin, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, output)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--machines", type=int, default=10000)
    parser.add_argument("--log2-n", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=5)
    given = parser.parse_args()
    program = given.build + "/guardctl/guardctl"
    with tempfile.TemporaryDirectory(prefix="guard-bench-unlock.") as folder:
        secret = folder + "/pass"
        with open(secret, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write("correct horse\n")
        names = folder + "/names"
        with open(names, "w") as file:
            file.writelines("pc-%05d.example\n" % number for number in range(given.machines))
        os.mkdir(folder + "/sets")
        with_key = ["--key", folder + "/key", "--passphrase-file", secret]

        def desk(verb, *words):
            return timed([program, "helpdesk", verb] + with_key + list(words))

        _, opening, _ = desk("key")  # the pass phrase alone
        wall, processor, _ = desk("verifiers", "--output", folder + "/sets", "--machines", names, "--log2-n", str(given.log2_n))
        made = len(os.listdir(folder + "/sets"))
        for_ten_thousand = (processor - opening) / made * 10000 / CORES
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print("verifiers for %d machines: %.1f s on %d cores, %.1f s of processor, %.0f MiB at most; 10,000 on %d idle cores: %.1f min"
              % (made, wall, os.cpu_count(), processor, memory, CORES, for_ten_thousand / 60))
        wall, answer = time_of_an_answer(program, given.build, with_key, folder)
        print("guardctl answer, from start to end: %.2f s, %.2f s of processor (the key file's pass phrase is most of it)"
              % (wall, answer))
        sys.stdout.flush()
        subprocess.run([given.build + "/tests/bench/bench_unlock", folder + "/sets/pc-00000.example.verifiers",
                        str(given.seconds)], check=True)
    broken = [name for name, value, bound in (("an answer", answer, BOUND_ANSWER),
                                              ("verifiers", for_ten_thousand if given.log2_n == 12 else 0, BOUND_SETS))
              if value > bound]
    for name in broken:
        print("over its bound: " + name)
    return 1 if broken else 0


def time_of_an_answer(program, build, with_key, folder):
    """A request number of the first machine is made here; a machine would."""
    number = subprocess.run([build + "/tests/bench/bench_unlock", "--number",
                             folder + "/sets/pc-00000.example.verifiers"], check=True, stdout=subprocess.PIPE,
                            text=True).stdout.strip()
    wall, processor, output = timed([program, "--json", "answer"] + with_key +
                                    ["--machine", "pc-00000.example", "--user", "nobody", "--number", number,
                                     "--reason", "bench", "--ticket", "0", "--yes"])
    assert len(json.loads(output)["answer"].replace(" ", "")) == 24
    return wall, processor


if __name__ == "__main__":
    sys.exit(main())
