#!/usr/bin/python3
"""Something to explore: makes a folder of pictures and texts, and serves files to download, slowly.

    showroom.py FOLDER

Prints the address of each file that it serves, one of which is missing, then an empty line. It
serves until it is ended.
"""

import http.server
import random
import sys
import time
import urllib.parse
from pathlib import Path

import gi

gi.require_version("GdkPixbuf", "2.0")
from gi.repository import GdkPixbuf, Gio

PICTURES = {  # sky, its lower part, mountains
    "Holiday/Harbour at noon.png": ("#4a90d9", "#cfe8ff", "#1f4e79"),
    "Holiday/Last evening.png": ("#2b1b4d", "#ff8c61", "#3a1d3f"),
    "Holiday/On the pass.png": ("#7fb2e5", "#f6f9fc", "#4b6b57"),
    "Holiday/Sunrise.png": ("#f9c784", "#fff1d6", "#7a4b3a"),
    "Garden/Fog.png": ("#b8c4cc", "#eef2f4", "#5c6b73"),
    "Garden/May.png": ("#8fd3f4", "#e9fbe5", "#2f6b3c"),
    "Garden/November.png": ("#6d6875", "#e5c1b0", "#4a3f47"),
    "Night walk.png": ("#0b1026", "#3b4a7a", "#060914"),
}
TEXTS = {
    "Holiday/Journal.md": """# Holiday

Monday: the train over the pass, coffee at the top.
Tuesday: rain, so the museum, and more coffee.
Wednesday: the harbour, and a boat to the island.
""",
    "Recipes/Bread.md": """# Bread

500 g flour, 350 g water, 10 g salt, 2 g yeast. Mix, wait for a night, fold, bake for 40 minutes.
""",
    "Recipes/Tiramisu.md": """# Tiramisu

Six eggs, 500 g mascarpone, sugar, a cup of strong coffee, biscuits. Better on the second day.
""",
    "Shopping.txt": "Bread\nOlives\nCoffee beans\nLight bulbs\n",
    "Budget.csv": "month,rent,food,coffee\nJanuary,840,310,42\nFebruary,840,290,38\n",
    "Talk/outline.txt": "1. What waits for what\n2. A coffee machine as a state machine\n3. Questions\n",
    "Talk/brew.py": 'def brew(cups):\n    """Make that many cups of coffee."""\n    return ["coffee"] * cups\n',
}
LARGE = {  # MB
    "Holiday/Island.webm": 214,
    "Concert.flac": 38,
}
DOWNLOADS = {  # MB, and seconds
    "Field recordings.zip": (48, 9),
    "Lecture 1.webm": (182, 30),
    "Lecture 2.webm": (164, 45),
    "Map of the coast.pdf": (23, 20),
    "Lecture 3.webm": (205, 60),
    "Photos of May.tar.xz": (96, 30),
}
MISSING = "Lecture 0.webm"
STEPS_PER_SECOND = 20


def landscape(sky, horizon, mountains, chance):
    """A picture as SVG."""
    ridges = []
    for depth in range(1, 4):
        x, points = -20, [(-20, 300)]
        while x < 420:
            points.append((x, 90 + 45 * depth + chance.uniform(-35, 25)))
            x += chance.uniform(25, 70)
        points.append((420, 300))
        path = " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
        ridges.append(
            f'<polygon points="{path}" fill="{mountains}" fill-opacity="{depth / 3}"/>'
        )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300">
<linearGradient id="sky" x2="0" y2="1"><stop stop-color="{sky}"/>
<stop offset="0.7" stop-color="{horizon}"/></linearGradient>
<rect width="400" height="300" fill="url(#sky)"/>
<circle cx="{chance.uniform(60, 340):.0f}" cy="{chance.uniform(50, 110):.0f}" r="26"
 fill="white" fill-opacity="0.8"/>{"".join(ridges)}</svg>"""


def make(folder):
    chance = random.Random(1)
    for name in [*PICTURES, *TEXTS, *LARGE]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    for name, colours in PICTURES.items():
        svg = Gio.MemoryInputStream.new_from_data(landscape(*colours, chance).encode())
        picture = GdkPixbuf.Pixbuf.new_from_stream(svg)
        picture.savev(str(folder / name), "png", [], [])
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    for name, size in LARGE.items():
        with open(folder / name, "wb") as file:
            file.truncate(size * 1_000_000)  # which takes no room


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = urllib.parse.unquote(self.path[1:])
        if name not in DOWNLOADS:
            self.send_error(404)
            return
        size, seconds = DOWNLOADS[name]
        self.send_response(200)
        self.send_header("Content-Length", str(size * 1_000_000))
        self.end_headers()
        steps = seconds * STEPS_PER_SECOND
        try:
            for step in range(steps):
                begin, end = (size * 1_000_000 * each // steps for each in (step, step + 1))
                self.wfile.write(bytes(end - begin))
                time.sleep(1 / STEPS_PER_SECOND)
        except ConnectionError:
            pass  # it was cancelled

    def log_message(self, *_):
        pass


def main():
    make(Path(sys.argv[1]))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    for name in [MISSING, *DOWNLOADS]:
        print(f"http://127.0.0.1:{server.server_port}/{urllib.parse.quote(name)}")
    print(flush=True)
    server.serve_forever()


main()
