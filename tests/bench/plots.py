# SPDX-License-Identifier: MIT
"""Plots as SVG, drawn by hand: lines over a logarithmic axis, and bars."""
import math
import pathlib
from xml.sax.saxutils import escape

COLOURS = ("#1b6ca8", "#7f8c8d", "#c0392b", "#8e5fa8", "#b7791f")


def lines(path, title, series, x_label, y_label):
    """series = {name: [(x, y), ...]}; x logarithmic, y from 0."""
    series = {name: points for name, points in series.items() if points}
    if not series:
        return
    width, height, left, bottom = 640, 360, 80, 50
    xs = [x for points in series.values() for x, _ in points]
    low, span = math.log10(min(xs)), (math.log10(max(xs)) - math.log10(min(xs))) or 1
    top = max(y for points in series.values() for _, y in points) * 1.1 or 1

    def place(x, y):
        return (left + (math.log10(x) - low) / span * (width - left - 30),
                height - bottom - y / top * (height - bottom - 60))
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="#fff"/><text x="{left}" y="20" font-size="15">{escape(title)}</text>']
    for step in range(5):
        y = top * step / 4
        _, py = place(min(xs), y)
        out.append(f'<line x1="{left}" x2="{width - 20}" y1="{py:.0f}" y2="{py:.0f}" stroke="#ddd"/>'
                   f'<text x="{left - 6}" y="{py + 4:.0f}" text-anchor="end">{y:,.{0 if top > 20 else 1}f}</text>')
    for x in sorted(set(xs)):
        px, _ = place(x, 0)
        out.append(f'<text x="{px:.0f}" y="{height - bottom + 16}" text-anchor="middle">{x:,.0f}</text>')
    for i, (colour, (name, points)) in enumerate(zip(COLOURS, series.items())):
        placed = [place(x, y) for x, y in points]
        out.append(f'<polyline points="{" ".join(f"{px:.1f},{py:.1f}" for px, py in placed)}" fill="none" '
                   f'stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="2.5" fill="{colour}"/>' for px, py in placed]
        out.append(f'<text x="{left + i * 130}" y="40" fill="{colour}">{escape(name)}</text>')
    out.append(f'<text x="{width / 2}" y="{height - 10}" text-anchor="middle">{escape(x_label)}</text>'
               f'<text x="14" y="{height / 2}" transform="rotate(-90 14 {height / 2})" text-anchor="middle">{escape(y_label)}'
               '</text></svg>')
    pathlib.Path(path).write_text("\n".join(out) + "\n")


def bars(path, title, rows, names):
    """Horizontal bars on a log scale; rows = [(label, [ratio or None, ...])], names of the conditions."""
    height = 60 + len(rows) * (len(names) * 9 + 8)
    top = max([value for _, values in rows for value in values if value] + [2])

    def width_of(value):
        return max(1, math.log10(max(value, 1.0)) / math.log10(top) * 380)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 {height}" font-family="sans-serif" font-size="11">',
           f'<rect width="760" height="{height}" fill="#fff"/><text x="10" y="18" font-size="15">{escape(title)}</text>']
    for i, name in enumerate(names):
        out.append(f'<text x="{10 + i * 180}" y="36" fill="{COLOURS[i]}">{escape(name)}</text>')
    y = 50
    for label, values in rows:
        out.append(f'<text x="290" y="{y + 10}" text-anchor="end">{escape(label)}</text>')
        for colour, value in zip(COLOURS, values):
            if value:
                out.append(f'<rect x="300" y="{y}" width="{width_of(value):.0f}" height="8" fill="{colour}"/>'
                           f'<text x="{304 + width_of(value):.0f}" y="{y + 8}" font-size="8">{value:.2f}</text>')
            y += 9
        y += 8
    pathlib.Path(path).write_text("\n".join(out) + "\n</svg>\n")
