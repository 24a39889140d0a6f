# SPDX-License-Identifier: MIT
"""docs/performance.md from the figures that there are.  Each section stands by
itself: what was not measured is said, never left out in silence."""
import os
import pathlib
import platform
import statistics

import explain
import limits
import plots
import scale
import workloads

CONDITIONS = ("guard", "handler", "fapolicyd-none", "fapolicyd-sha256")
CONDITION_NAMES = ("guard", "a handler that only answers", "fapolicyd, default", "fapolicyd, sha256")


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = int(open("/proc/meminfo").readline().split()[1]) // (1 << 20)
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_gib": memory, "kernel": platform.release(),
            "load": os.getloadavg()[0]}


def ratio(times, condition):
    """Median over the pairs of watched/unwatched, and the quartiles."""
    ratios = [watched / plain for plain, watched in times.get(condition, ())]
    if len(ratios) < 2:
        return (ratios[0], ratios[0], ratios[0]) if ratios else None
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return middle, low, high


def cell(value):
    return "—" if value is None else f"{value[0]:.3f} ({value[1]:.2f}–{value[2]:.2f})"


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"] + \
        ["| " + " | ".join(str(word).replace("|", "\\|") for word in row) + " |" for row in rows]


def warm_section(data, output, misses):
    rows, plotted = [], []
    for workload in workloads.WARM:
        times = data["warm"].get(workload.name)
        if not times or not times.get("guard"):
            continue
        found = [ratio(times, condition) for condition in (*CONDITIONS, "none")]
        limit = f"{workload.limit:.2f}" if workload.limit else workload.note
        none = statistics.median(plain for plain, _ in times["guard"]) * 1e3
        asked = data.get("events_per_run", {}).get(workload.name)
        rows.append((workload.name, f"{none:.1f}", cell(found[0]), limit, "—" if asked is None else f"{asked:,}",
                     *map(cell, found[1:])))
        plotted.append((workload.name, [value and value[0] for value in found[:-1]]))
        if workload.limit and found[0] and found[0][0] > workload.limit:
            alone = f"; with nobody watching {cell(found[-1])}" if found[-1] else ""
            misses.append((f"{workload.name}: {cell(found[0])}, limit {workload.limit:.2f}{alone}", workload.explain))
        if workload.name.startswith("open a user file") and found[0] and found[1] and found[0][0] > 1.3 * found[1][0]:
            misses.append((f"{workload.name}: {found[0][0] / found[1][0]:.2f} of the handler, which is one round trip",
                           "user_file"))
    if not rows:
        return []
    pairs = max(len(times.get("guard", ())) for times in data["warm"].values())
    plots.bars(output / "performance-warm.svg", "Time against no guard (1 = none; logarithmic)", plotted, CONDITION_NAMES)
    return table(("workload", "no guard, ms", "guard", "limit", "events a run", *CONDITION_NAMES[1:], "nobody watching"), rows) + \
        ["", f"{pairs} pairs for guard, fewer for the others. Events are those that reach guard's gate in one run; of all "
         "other opens and execs the kernel knows the answer. The last column is no guard against no guard in the same two "
         "roots: what it is off 1, and its quartiles, are the machine's.", "", "![time against no guard](performance-warm.svg)"]


def find_cold_section(data, _, __):
    rows = []
    for name, times in data["find_cold"].items():
        medians = {condition: statistics.median(values) for condition, values in times.items()}
        if "none" in medians:
            rows.append((name, f"{medians['none'] * 1e3:.0f}",
                         *(f"{medians[c] / medians['none']:.3f}" if c in medians else "—" for c in CONDITIONS)))
    return ["`find | xargs cat` with nothing in memory (file system mounted anew, daemon just started), against no guard:",
            ""] + table(("files", "no guard, ms", *CONDITION_NAMES), rows)


def cold_section(data, _, misses):
    values = data["cold_us"]
    lines = table(("condition", "us per first open of a small file", "on top of no guard"),
                  [(name, f"{us:.1f}", f"{us - values['none']:.1f}") for name, us in values.items()])
    if "handler" in values:
        share = values["guard"] / values["handler"]
        lines += ["", f"guard / handler: **{share:.2f}** (limit 1.3)."]
        if share > 1.3:
            misses.append((f"cold event: {share:.2f} of a handler that only answers, limit 1.3", "first_open"))
    if "fapolicyd-none" in values:
        share = values["guard"] / values["fapolicyd-none"]
        lines += ["", f"guard / peer (default integrity): **{share:.2f}** (limit 0.5)."]
        if share > 0.5:
            misses.append((f"cold event: {share:.2f} of the peer, limit 0.5", "first_open"))
    return lines


def first_exec_section(data, _, misses):
    rows = []
    for size, row in data["first_exec"].items():
        if "guard" not in row or "none" not in row or "openssl_us" not in row:
            continue
        extra, limit = row["guard"]["first_us"] - row["none"]["first_us"], 1.2 * row["openssl_us"] + 150
        peer = row.get("fapolicyd-sha256", {}).get("first_us")
        rows.append((size, f"{row['none']['first_us']:.0f}", f"{row['guard']['first_us']:.0f}",
                     "—" if peer is None else f"{peer:.0f}", f"{row['openssl_us']:.0f}",
                     f"{row['openssl_us'] - row.get('openssl_start_us', 0):.0f}", f"{extra:.0f}", f"{limit:.0f}"))
        if extra > limit:
            misses.append((f"first exec of {size}: {extra:.0f} us, limit {limit:.0f}", "gate_time"))
    return ["First exec of a program whose content is listed, in microseconds:", ""] + \
        table(("size", "no guard", "guard", "fapolicyd, sha256", "`openssl dgst -sha256`", "without its own start", "guard on top",
               "limit"), rows)


def storm_section(data, _, misses):
    storm, status = data["storm"], data["storm"]["status"]
    seen = storm["guard"]
    rows = [(name.replace("p999", "p99.9"), *(f"{storm[key][f'{name}_us']:.0f}" for key in ("none", "guard"))) for name in ("p50", "p99", "p999", "max")]
    wrong = seen["refused"] + seen["ran"]
    lost = sum(status[name] for name in ("overload", "timeouts", "gate_restarts")) + storm["events_lost"]
    if wrong:
        misses.append((f"exec storm: {wrong} wrong verdicts, limit 0", "storm"))
    if lost:
        misses.append((f"exec storm: {lost} events in overload, past their time or lost, limit 0", "storm"))
    return [f"{storm['cores']} cores in an exec storm for {storm['seconds']} s; an open that always asks, in microseconds:", ""] + \
        table(("", "no guard", "guard"), rows) + \
        ["", f"{seen['execs']:,} programs were started, {seen['refused']} of them refused (limit 0); an unlisted one was "
         f"tried {seen['tries']:,} times and ran {seen['ran']} times (limit 0). The daemon counted {status['events']:,} "
         f"events, {status['denied']:,} denials, {status['overload']} overloads, {status['timeouts']} timeouts, "
         f"{status['gate_restarts']} restarts; {storm['events_lost']} overflows of the kernel's queue and "
         f"{status['records_lost']:,} lines not recorded in full (counted and said, never waited for)."]


def memory_section(data, _, __):
    parts = data["memory"].get("processes")
    if not parts:
        return []
    return [f"Memory of each process with {data['memory']['rules']:,} rules, after the events (proportional set size):", ""] + \
        table(("process", "MiB"), [(name.rsplit(" ", 1)[0], f"{kib / 1024:.1f}") for name, kib in parts.items()])


def guest_section(data, _, misses):
    guest, rows = data["guest"], []
    for name, off, auto, alone in guest["rows"]:
        limit = limits.of_guest(name)
        rows.append((name, off, auto, f"{limit:.2f}", alone))
        if float(auto.split()[0]) > limit:
            misses.append((f"in the guest, {name}: {auto}, limit {limit:.2f}",
                           "guest_spread" if "system" in name else "layer"))
    return [f"In a virtual machine by software emulation ({guest['machine']}), by `scripts/bench --guest` on {guest['day']}: backend `auto`, "
            f"which takes the kernel layer, and fanotify alone against the daemon stopped, in turn, {guest['rounds']} rounds. "
            "There ratios count, times do not.", ""] + \
        table(("workload", "daemon off, ms", "backend auto", "limit", "fanotify alone"), rows)


SECTIONS = (
    ("warm", "## Warm", warm_section),
    ("cold_us", "## First sight of a file", cold_section),
    ("find_cold", None, find_cold_section),
    ("first_exec", None, first_exec_section),
    ("storm", "## Under an exec storm", storm_section),
    (None, "## Limits", limits.section),
    ("memory", None, memory_section),
    ("guest", "## The kernel layer, in the guest", guest_section),
    (None, "## Scale", scale.section),
)
HEAD = """# Performance

Made by `scripts/bench`; do not edit. Each ratio is against no guard in the same run; a warm one of many
pairs, each of the same work in the watched file system and on a twin that nobody watches, in turn
(median, in brackets the quartiles). Lower is better. Meanwhile an idle-class loop keeps each processor
from sleeping, for all of them: how long a machine takes to wake one is not the gate's.
"""


def write(data, output):
    facts, misses = data["machine"], []
    lines = [HEAD, f"Machine: {facts['cpu']}, {facts['cores']} cores, {facts['memory_gib']} GiB, Linux {facts['kernel']}, load "
             f"{facts['load']:.1f} when it began; scratch ext4 on a loop device; backend fanotify; policy by "
             "`guardctl scan --all`."]
    for key, title, section in SECTIONS:
        lines += ["", title] if title else []
        if key is not None and key not in data:
            lines += ["", f"Not measured: {key}."] if key != "guest" else ["", explain.GUEST]
            continue
        try:
            lines += [""] + section(data, output, misses)
        except (KeyError, ValueError, IndexError, TypeError, ZeroDivisionError) as error:
            lines += [f"Not whole: {key or title} ({type(error).__name__}: {error})."]
    lines += ["", "## Limits that are not met", ""] + explain.misses(misses)
    lines += explain.profiles(data) + explain.missing(data)
    (output / "performance.md").write_text("\n".join(lines).rstrip() + "\n")


QUOTE = ("<!-- figures: written by scripts/bench -->", "<!-- end of figures -->")


def quote(readme, data):
    """The three figures that a user asks for, between the marks in the README."""
    text = readme.read_text()
    if not all(mark in text for mark in QUOTE):
        return

    def of(name):
        found = next((ratio(times, "guard") for label, times in data.get("warm", {}).items() if label.startswith(name)), None)
        return None if found is None else f"{found[0]:.2f}"
    figures = (of("exec, dynamic"), of("compile"), data.get("memory", {}).get("pss_kib"))
    if None in figures:
        return
    head, rest = text.split(QUOTE[0], 1)
    tail = rest.split(QUOTE[1], 1)[1]
    body = (f"\nAgainst no guard, on one machine (docs/performance.md): starting a program takes {figures[0]} times as long,\n"
            f"compiling 200 files {figures[1]} times, and all processes together {figures[2] / 1024:.0f} MiB of memory with "
            "50,000 rules.\n")
    pathlib.Path(readme).write_text(head + QUOTE[0] + body + QUOTE[1] + tail)
