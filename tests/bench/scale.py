# SPDX-License-Identifier: MIT
"""How figures grow with rules, files, cores, processes and events: tables and plots."""
import plots

MIB = 1 << 20


def table(head, rows):
    return ["", "| " + " | ".join(head) + " |", "|---" * len(head) + "|"] + ["| " + " | ".join(row) + " |" for row in rows]


def picture(name, text):
    return ["", f"![{text}](performance-{name}.svg)"]


def digests(data, output):
    images = {row["digests"]: row for row in data.get("image", ())}
    rows = []
    for row in data["decide"]:
        image = images.get(row["digests"], {})
        rows.append((f"{row['digests']:,}", f"{row['ns_per_decision']:.0f}", f"{1e9 / row['ns_per_decision']:,.0f}",
                     f"{image['build_s']:.2f}" if image else "—", f"{row['open_ms']:.1f}", f"{row['bytes'] / MIB:.1f}"))
    plots.lines(output / "performance-decide.svg", "One decision, by number of digests",
                {"ns": [(row["digests"], row["ns_per_decision"]) for row in data["decide"]]}, "digests in the policy", "ns")
    plots.lines(output / "performance-image.svg", "Image, by number of digests",
                {"build, ms": [(n, row["build_s"] * 1e3) for n, row in images.items()],
                 "open, ms": [(row["digests"], row["open_ms"]) for row in data["decide"]]}, "digests in the policy", "ms")
    return ["", "With digests (libguard alone):"] + table(
        ("digests", "ns per decision", "decisions a second", "build, s", "open, ms", "image, MiB"), rows) + \
        picture("decide", "ns per decision") + picture("image", "build and open")


def rules(data, output):
    rows = data["by_rules"]
    plots.lines(output / "performance-rules.svg", "Start, by number of rules",
                {"ms to enforcing": [(row["rules"], row["start_ms"]) for row in rows]}, "rules", "ms")
    return ["", "With rules (49 of 50 a digest of its own, one a folder), beside the scanned policy:"] + table(
        ("rules", "start to enforcing, ms", "opens a second that ask", "memory, MiB"),
        [(f"{row['rules']:,}", f"{row['start_ms']:.0f}", f"{row['a_second']:,.0f}", f"{row['pss_kib'] / 1024:.1f}")
         for row in rows]) + picture("rules", "start by rules")


def files(data, output):
    found = data["by_files"]
    names = list(found)
    plots.lines(output / "performance-files.svg", "First open of a file, by number of files",
                {name: [(row[0], row[1]) for row in found[name]] for name in names}, "files", "us per first open")
    return ["", "With files (a user's, opened one after the other; us per first and per second open):"] + table(
        ("files", *names), [(f"{row[0]:,}", *(f"{found[name][i][1]:.1f}, {found[name][i][2]:.1f}" if i < len(found[name])
                                              else "—" for name in names)) for i, row in enumerate(found["none"])]) + \
        picture("files", "first open by files")


def rate(data, output, key, name, what):
    found = data[key]
    names = list(found)
    plots.lines(output / f"performance-{name}.svg", f"Opens a second through the gate, by {what}",
                {n: found[n] for n in names if n != "none"}, what, "opens a second")
    return ["", f"With {what}: events a second through the gate (opens of a user's file, which always ask):"] + table(
        (what, *names), [(f"{x}", *(f"{found[n][i][1]:,.0f}" if i < len(found[n]) else "—" for n in names))
                         for i, (x, _) in enumerate(found["none"])]) + picture(name, f"opens by {what}")


def events(data, output):
    rows = data["memory"]["events"]
    plots.lines(output / "performance-events.svg", "Memory of all processes, by events since the start",
                {"MiB": [(row["events"], row["pss_kib"] / 1024) for row in rows]}, "events", "MiB")
    return ["", "With events since the start (50,000 rules):"] + table(
        ("events", "events a second", "memory, MiB"),
        [(f"{row['events']:,}", f"{row['a_second']:,.0f}", f"{row['pss_kib'] / 1024:.1f}") for row in rows]) + \
        picture("events", "memory by events")


def section(data, output, _):
    parts = (("decide", digests), ("by_rules", rules), ("by_files", files),
             ("by_cores", lambda d, o: rate(d, o, "by_cores", "cores", "cores")),
             ("by_processes", lambda d, o: rate(d, o, "by_processes", "opens", "processes that open")), ("memory", events))
    lines = []
    for key, part in parts:
        try:
            lines += part(data, output) if key in data else ["", f"Not measured: {key}."]
        except (KeyError, IndexError, ValueError) as error:
            lines += ["", f"Not whole: {key} ({type(error).__name__}: {error})."]
    return lines
