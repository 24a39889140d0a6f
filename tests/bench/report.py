# SPDX-License-Identifier: MIT
"""Turns the measured figures into docs/performance.md's tables and plots."""
import math
import os
import pathlib
import platform
import statistics


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = int(open("/proc/meminfo").readline().split()[1]) // (1 << 20)
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_gib": memory, "kernel": platform.release()}


def ratio(times, condition):
    """Median over the rounds of condition/none within the same round, and its spread."""
    ratios = [a / b for a, b in zip(times.get(condition, []), times["none"])]
    if not ratios:
        return None
    return statistics.median(ratios), min(ratios), max(ratios)


def cell(value):
    return "—" if value is None else f"{value[0]:.3f} ({value[1]:.2f}–{value[2]:.2f})"


def warm_table(data, chosen):
    conditions = ("guard", "handler", "fapolicyd-none", "fapolicyd-sha256")
    lines = ["| workload | no guard, ms | guard | limit | a handler that only answers | fapolicyd, default | fapolicyd, sha256 |",
             "|---|---|---|---|---|---|---|"]
    misses = []
    for workload in chosen:
        times = data["warm"].get(workload.name)
        if not times or "none" not in times:
            continue
        cells = [ratio(times, condition) for condition in conditions]
        limit = f"{workload.limit:.2f}" if workload.limit else workload.note
        lines.append(f"| {workload.name} | {statistics.median(times['none']) * 1e3:.1f} | {cell(cells[0])} | {limit} | "
                     + " | ".join(cell(c) for c in cells[1:]) + " |")
        if workload.limit and cells[0] and cells[0][0] > workload.limit:
            misses.append(f"{workload.name}: {cells[0][0]:.3f}, limit {workload.limit:.2f}")
    return lines, misses


def cold_lines(data, misses):
    cold = data["cold_us"]
    base = cold["none"]
    lines = ["| condition | us per first open of a small file | on top of no guard |", "|---|---|---|"]
    lines += [f"| {name} | {value:.1f} | {value - base:.1f} |" for name, value in cold.items()]
    share = cold["guard"] / cold["handler"]
    lines += ["", f"guard / handler: **{share:.2f}** (limit 1.3)."]
    if share > 1.3:
        misses.append(f"cold event: {share:.2f} of a handler that only answers, limit 1.3")
    if "fapolicyd-none" in cold:
        lines.append(f"guard / peer (default integrity): **{cold['guard'] / cold['fapolicyd-none']:.2f}** (limit 0.5).")
        if cold["guard"] > cold["fapolicyd-none"] / 2:
            misses.append(f"cold event: {cold['guard'] / cold['fapolicyd-none']:.2f} of the peer, limit 0.5")
    return lines


def first_lines(data, misses):
    lines = ["| size | no guard, us | guard, us | fapolicyd sha256, us | `openssl dgst -sha256`, us | guard on top | limit |",
             "|---|---|---|---|---|---|---|"]
    for size, row in data["first_exec"].items():
        extra = row["guard"]["first_us"] - row["none"]["first_us"]
        limit = 1.2 * row["openssl_us"] + 150
        peer = row.get("fapolicyd-sha256", {}).get("first_us")
        lines.append(f"| {size} | {row['none']['first_us']:.0f} | {row['guard']['first_us']:.0f} | "
                     f"{'—' if peer is None else f'{peer:.0f}'} | {row['openssl_us']:.0f} | {extra:.0f} | {limit:.0f} |")
        if extra > limit:
            misses.append(f"first exec of {size}: {extra:.0f} us, limit {limit:.0f}")
    return lines


def limit_lines(rows, misses):
    lines = ["| what | figure | limit |", "|---|---|---|"]
    for name, value, limit, unit in rows:
        lines.append(f"| {name} | {value:,.1f} {unit} | {limit:,.0f} {unit} |")
        if value > limit:
            misses.append(f"{name}: {value:,.1f} {unit}, limit {limit:,.0f}")
    return lines


def svg(path, title, series, x_label, y_label):
    """One log-x line plot; series = {name: [(x, y), ...]}."""
    width, height, left, bottom = 640, 360, 70, 50
    xs = [x for points in series.values() for x, _ in points]
    ys = [y for points in series.values() for _, y in points]
    low, high, top = math.log10(min(xs)), math.log10(max(xs)), max(ys) * 1.1 or 1
    span = (high - low) or 1

    def place(x, y):
        return (left + (math.log10(x) - low) / span * (width - left - 20),
                height - bottom - y / top * (height - bottom - 40))
    colours = ("#1b6ca8", "#c0392b", "#27864a", "#8e5fa8", "#b7791f")
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="#fff"/><text x="{left}" y="22" font-size="15">{title}</text>']
    for step in range(5):
        y = top * step / 4
        _, py = place(min(xs), y)
        out.append(f'<line x1="{left}" x2="{width - 20}" y1="{py:.0f}" y2="{py:.0f}" stroke="#ddd"/>'
                   f'<text x="{left - 6}" y="{py + 4:.0f}" text-anchor="end">{y:,.0f}</text>')
    for x in sorted(set(xs)):
        px, _ = place(x, 0)
        out.append(f'<text x="{px:.0f}" y="{height - bottom + 16}" text-anchor="middle">{x:,.0f}</text>')
    for colour, (name, points) in zip(colours, series.items()):
        line = " ".join(f"{px:.1f},{py:.1f}" for px, py in (place(x, y) for x, y in points))
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        px, py = place(*points[-1])
        out.append(f'<text x="{px - 4:.0f}" y="{py - 6:.0f}" text-anchor="end" fill="{colour}">{name}</text>')
    out.append(f'<text x="{width / 2}" y="{height - 10}" text-anchor="middle">{x_label}</text>'
               f'<text x="14" y="{height / 2}" transform="rotate(-90 14 {height / 2})" text-anchor="middle">{y_label}</text></svg>')
    pathlib.Path(path).write_text("\n".join(out) + "\n")


# Why a limit may be missed, and what was tried; by the beginning of its line.
WHY = (
    ("cold event", "one wake-up is shared with the handler, the rest is system calls of the reader: who asks "
     "(/proc/TID/exe), a read lease so that the bytes stay what they are, the first bytes, and for a file that a "
     "user may write where the caller stands (/proc/TID/syscall, auxv). Tried: all of it in the reader instead of a "
     "worker (half the time), /proc of the last caller kept open (a quarter of the rest), hashing at the second "
     "sight only."),
    ("open a user file", "as for a cold event: the answer may not be kept, for the owner may change the file."),
    ("find | xargs cat, files of the system", "files are made known to the kernel at their second opening, by one "
     "worker behind the answers; the first rounds pay a round trip per file."),
    ("start to enforcing", "most of it is reading and checking the image and hashing what the machine needs."),
    ("exec storm", "the reader and the two storms share the cores: without guard the same opens wait for a time "
     "slice as well (see the line above the table of scale)."),
)


def explained(misses):
    lines = []
    for miss in misses:
        why = next((text for start, text in WHY if miss.startswith(start)), "")
        lines.append(f"- {miss}" + (f". Why: {why}" if why else ""))
    return lines or ["None."]


def bars(path, title, rows, names):
    """Horizontal bars on a log scale; rows = [(label, [ratio or None, ...])], names of the conditions."""
    colours = ("#1b6ca8", "#7f8c8d", "#c0392b", "#8e5fa8")
    height = 60 + len(rows) * (len(names) * 9 + 8)
    top = max([value for _, values in rows for value in values if value] + [2])

    def width_of(value):
        return max(1, math.log10(max(value, 1.0)) / math.log10(top) * 380)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {height}" font-family="sans-serif" font-size="11">',
           f'<rect width="760" height="{height}" fill="#fff"/><text x="10" y="18" font-size="15">{title}</text>']
    for i, name in enumerate(names):
        out.append(f'<text x="{10 + i * 180}" y="36" fill="{colours[i]}">{name}</text>')
    y = 50
    for label, values in rows:
        out.append(f'<text x="290" y="{y + 10}" text-anchor="end">{label}</text>')
        for colour, value in zip(colours, values):
            if value:
                out.append(f'<rect x="300" y="{y}" width="{width_of(value):.0f}" height="8" fill="{colour}"/>'
                           f'<text x="{304 + width_of(value):.0f}" y="{y + 8}" font-size="8">{value:.2f}</text>')
            y += 9
        y += 8
    pathlib.Path(path).write_text("\n".join(out) + "\n</svg>\n")


def plot_warm(data, output, chosen):
    conditions = ("guard", "handler", "fapolicyd-none", "fapolicyd-sha256")
    rows = []
    for workload in chosen:
        times = data["warm"].get(workload.name)
        if times and "none" in times:
            found = [ratio(times, condition) for condition in conditions]
            rows.append((workload.name.replace("&", "and"), [value and value[0] for value in found]))
    if rows:
        bars(output / "performance-warm.svg", "Time against no guard (1 = none; logarithmic)", rows,
             ("guard", "a handler that only answers", "fapolicyd, default", "fapolicyd, sha256"))


def scale_lines(data, output):
    scale = data["scale"]
    names = list(scale)
    lines = ["", "Opens a second of a user's file, which always ask, by the number of processes:", "",
             "| processes | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for i, (processes, _) in enumerate(scale[names[0]]):
        lines.append(f"| {processes} | " + " | ".join(f"{scale[name][i][1]:,.0f}" for name in names) + " |")
    svg(output / "performance-opens.svg", "Opens a second through the gate, by processes",
        {name: scale[name] for name in names if name != "none"}, "processes that open", "opens a second")
    return lines + ["", "![opens a second](performance-opens.svg)"]


QUOTE = ("<!-- figures: written by scripts/bench -->", "<!-- end of figures -->")


def quote(readme, data):
    """The three figures that a user asks for, between the marks in the README."""
    text = readme.read_text()
    if not all(mark in text for mark in QUOTE):
        return

    def of(name):
        found = next((ratio(times, "guard") for label, times in data["warm"].items() if label.startswith(name)), None)
        return "?" if found is None else f"{found[0]:.2f}"
    head, rest = text.split(QUOTE[0], 1)
    tail = rest.split(QUOTE[1], 1)[1]
    body = (f"\nAgainst no guard, on one machine (docs/performance.md): starting a program {of('exec, dynamic')} times as "
            f"long,\ncompiling 200 files {of('compile')} times, and {data['memory']['pss_kib'] / 1024:.0f} MiB of memory "
            "for all processes with 50,000 rules.\n")
    readme.write_text(head + QUOTE[0] + body + QUOTE[1] + tail)


def write(data, output, chosen):
    facts = data["machine"]
    lines = ["# Performance", "",
             "Made by `scripts/bench`; do not edit. Each ratio is against no guard, measured alternately in the same",
             f"run ({data['rounds']} rounds; median, in brackets the lowest and highest round).", "",
             f"Machine: {facts['cpu']}, {facts['cores']} cores, {facts['memory_gib']} GiB, Linux {facts['kernel']}; "
             "scratch ext4 on a loop device; backend fanotify; policy by `guardctl scan --all`.", ""]
    table, misses = warm_table(data, chosen)
    plot_warm(data, output, chosen)
    lines += ["## Warm", ""] + table + ["", "![time against no guard](performance-warm.svg)"]
    if "cold_us" in data:
        lines += ["", "## First sight of a file", ""] + cold_lines(data, misses)
        lines += ["", "First exec of a program whose content is listed:", ""] + first_lines(data, misses)
        million = next(row for row in data["decide"] if row["digests"] == 1_000_000)
        storm, memory = data["storm"], data["memory"]
        lines += ["", "## Limits", ""] + limit_lines([
            ("decision, 1 million digests", million["ns_per_decision"], 200, "ns"),
            ("decision, instructions", data["instructions"], 400, ""),
            ("decision, level 1 data cache misses (simulated)", data["d1_misses"], 8, ""),
            ("image of 1 million digests: build", data["image"]["build_s"] * 1e3, 2000, "ms"),
            ("image of 1 million digests: open", million["open_ms"], 50, "ms"),
            ("daemon, all processes, 50,000 rules, after a million events", memory["pss_kib"] / 1024, 40, "MiB"),
            ("start to enforcing, 50,000 rules", memory["start_ms"], 300, "ms"),
            (f"exec storm on {storm['cores']} cores, {storm['seconds']} s: open that asks, p99.9",
             storm["guard"]["p999_us"] / 1e3, 5, "ms")], misses)
        lines += ["", f"Under the storm, without guard: p50 {storm['none']['p50_us']:.0f} us, p99 {storm['none']['p99_us']:.0f} us, "
                  f"p99.9 {storm['none']['p999_us']:.0f} us; with guard: p50 {storm['guard']['p50_us']:.0f} us, "
                  f"p99 {storm['guard']['p99_us']:.0f} us, p99.9 {storm['guard']['p999_us']:.0f} us; "
                  f"overload {storm['status'].get('overload')}, denied {storm['status'].get('denied')}, "
                  f"records lost {storm['status'].get('records_lost')}."]
        svg(output / "performance-decide.svg", "One decision, by number of digests",
            {"ns": [(row["digests"], row["ns_per_decision"]) for row in data["decide"]]}, "digests in the policy", "ns")
        lines += ["", "## Scale", "", "| digests | ns per decision | open, ms | image, MiB |", "|---|---|---|---|"]
        lines += [f"| {row['digests']:,} | {row['ns_per_decision']:.0f} | {row['open_ms']:.1f} | "
                  f"{row['bytes'] / (1 << 20):.1f} |" for row in data["decide"]]
        lines += ["", "![ns per decision](performance-decide.svg)"]
        lines += scale_lines(data, output)
    lines += ["", "## Limits that are not met", ""] + explained(misses)
    (output / "performance.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))
    return 0
