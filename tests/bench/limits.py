# SPDX-License-Identifier: MIT
"""The limits that are one figure each."""


# With the kernel layer, by a workload's first word.
GUEST = {"exec": 1.03, "compile": 1.03, "append": 1.03, "open": 1.1, "find": 1.1}


def of_guest(name):
    return GUEST[name.replace(",", " ").split()[0]]


def row_of(rows, digests):
    return next((row for row in rows or () if row["digests"] == digests), {})


def figures(data):
    """(what, figure or None, limit, unit, key of the profile that explains it)"""
    million = row_of(data.get("decide"), 1_000_000)
    image = row_of(data.get("image"), 1_000_000)
    simulated, memory, storm = data.get("simulated", {}), data.get("memory", {}), data.get("storm", {}).get("guard", {})

    def scaled(value, factor):
        return None if value is None else value * factor
    digests = f"{simulated.get('digests', 0):,} digests"
    return (
        ("decision, 1 million digests", million.get("ns_per_decision"), 200, "ns", "decide"),
        (f"decision, {digests}: instructions", simulated.get("instructions"), 400, "", "decide"),
        ("image of 1 million digests: build", scaled(image.get("build_s"), 1e3), 2000, "ms", "image_build"),
        ("image of 1 million digests: open", million.get("open_ms"), 50, "ms", "image_open"),
        ("daemon, all processes, 50,000 rules, after a million events", scaled(memory.get("pss_kib"), 1 / 1024), 40, "MiB",
         "memory"),
        ("start to enforcing, 50,000 rules", memory.get("start_ms"), 300, "ms", "start"),
        ("exec storm: p99.9 of an open that asks", scaled(storm.get("p999_us"), 1e-3), 5, "ms", "storm"),
    )


def section(data, _, misses):
    lines = ["| what | figure | limit |", "|---|---|---|"]
    for name, value, limit, unit, key in figures(data):
        if value is None:
            lines.append(f"| {name} | not measured | {limit:,} {unit} |")
            continue
        lines.append(f"| {name} | {value:,.1f} {unit} | {limit:,} {unit} |")
        if value > limit:
            misses.append((f"{name}: {value:,.1f} {unit}, limit {limit:,}", key))
    simulated = data.get("simulated")
    if simulated:
        lines += ["", f"A decision among {simulated['digests']:,} digests misses the first level data cache "
                  f"{simulated['d1_misses']:.1f} times and the last level {simulated['ll_misses']:.1f} times (simulated)."]
    if "signer_rules" in data:
        lines += ["", f"With {data['signer_rules']['rules']:,} rules, half of signers and half of folders, a decision takes "
                  f"{data['signer_rules']['ns_per_decision']:.0f} ns: "
                  f"{1e9 / data['signer_rules']['ns_per_decision']:,.0f} a second on one core"
                  + (f", {simulated['signer_rule_instructions']:.0f} instructions." if simulated else ".")]
    return lines
