"""Plots of what was measured, as SVG by gnuplot."""

import subprocess


def plot(results, path):
    """Draws how far ahead gawait is, and the suite's lines."""
    below = 300 if results.lines else 0
    bars = bars_of(results.rows)
    height = below + 60 + 22 * len(bars)
    draw(
        path,
        height,
        diagram_of_bars(bars, below / height),
        diagram_of_lines(results.lines, below / height) if results.lines else "",
    )


def plot_ahead(bars, path):
    """Draws by name how far ahead gawait is."""
    draw(path, 60 + 22 * len(bars), diagram_of_bars(bars, 0))


def bars_of(rows):
    """How far ahead gawait is, and by whom and what."""
    work, bars = "", []
    for row in rows:
        work = row.work or work
        if row.ratio and row.unit != "allocations":
            bars.append((row.ratio, f"{work} ({row.peer_name})"))
    return bars


def draw(path, height, *diagrams):
    """Draws diagrams above each other, each given as gnuplot's commands."""
    script = f"""
set terminal svg size 1100,{height} font 'sans-serif,12' background 'white' noenhanced
set output '{path}'
set multiplot
{"".join(diagrams)}
unset multiplot
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def block(name, lines):
    """Data for gnuplot."""
    return "\n".join([f"${name} << END", *lines, "END"])


def diagram_of_bars(bars, bottom):
    least = min([0.5, *(0.9 * ratio for ratio, _ in bars)])
    data = (f'{at} {ratio} "{name}"' for at, (ratio, name) in enumerate(reversed(bars)))
    return f"""
{block("ahead", data)}
set size 1,{1 - bottom}
set origin 0,{bottom}
set lmargin at screen 0.55
set rmargin at screen 0.96
set title 'times that gawait is ahead'
set logscale x
set grid x
set yrange [-0.8:{len(bars) - 0.2}]
set xrange [{least}:*]
set style fill solid 0.7
set arrow from 1, graph 0 to 1, graph 1 nohead linewidth 2 linecolor 'black'
plot $ahead using 2:1:($2 < 1 ? $2 : 1):($2 < 1 ? 1 : $2):($1-0.35):($1+0.35):ytic(3) \\
    with boxxyerror linecolor '#3465a4' notitle
"""


def diagram_of_lines(lines, top):
    series = {name: points for name, points in lines.series.items() if points}
    data = "\n".join(
        block(f"line{number}", (f"{x} {y}" for x, y in points))
        for number, points in enumerate(series.values())
    )
    plots = ", ".join(
        f"$line{number} using 1:2 with linespoints linewidth 2 pointtype 7 pointsize 0.5 "
        f"title '{name}'"
        for number, name in enumerate(series)
    )
    return f"""
{data}
unset arrow
unset yrange
unset ytics
unset logscale
set lmargin at screen 0.1
set size 1,{top}
set origin 0,0
set ytics auto
{"set logscale y" if lines.logarithmic else ""}
set xrange [*:*]
set autoscale y
set key left top
set title '{lines.title}'
set xlabel '{lines.x}'
set ylabel '{lines.y}'
plot {plots}
"""
