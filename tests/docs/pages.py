"""The pages of the documentation and their blocks of code, wherever there is one.

What a block is to a test is said by the comment before it, which no reader sees:

    <!-- fragment: REASON -->   it is not run, and not compiled
    <!-- needs: MODULE -->      it is another library's, and runs where that is installed
    <!-- around: CODE -->       what C++ is compiled in, with the block in the place of a line "..."

A block whose first line is a comment with a file's name is that file.
"""

import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
MARK = r"(?: *<!-- (?P<mark>fragment|needs|around):\s(?P<said>(?:(?!-->).)*?)\s*-->\n)?"
BLOCK = r"(?P<indent> *)```(?P<language>\{[^}]+\}|\w*)[^\n]*\n(?P<text>.*?)^(?P=indent)```$"
HEADING = r"^#+ (?P<heading>[^\n]+)$"
PART = re.compile(f"{HEADING}|^{MARK}{BLOCK}", re.DOTALL | re.MULTILINE)
FILE_NAME = re.compile(r"^(?:#|//|<!--) ?([\w./-]+\.(?:py|cpp|hpp|xml|build))(?: -->)?\n")


@dataclasses.dataclass
class Block:
    page: str
    section: str
    line: int
    language: str
    text: str
    mark: str | None
    said: str | None

    @property
    def file(self):
        """The name of the file that it is, if it says so."""
        named = FILE_NAME.match(self.text)
        return named and named[1]

    def __str__(self):
        return f"{self.page}:{self.line}: {self.section}"


def pages():
    """All of Markdown that users read, by the names that they have in the repository."""
    return [
        str(path.relative_to(ROOT))
        for path in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
    ]


def is_followed(page):
    """Whether newcomer_test.py pastes its blocks, in order."""
    return page == "README.md" or page.startswith("docs/tutorial/")


def blocks_of(page, *languages):
    """The blocks of a page, those of some languages or all."""
    text = (ROOT / page).read_text()
    section = ""
    for found in PART.finditer(text):
        if found["heading"]:
            section = found["heading"]
        elif not languages or found["language"] in languages:
            indent = found["indent"]
            yield Block(
                page,
                section,
                text.count("\n", 0, found.start("language")) + 1,
                found["language"],
                re.sub(f"^{indent}", "", found["text"], flags=re.MULTILINE),
                found["mark"],
                found["said"],
            )


def blocks(*languages):
    """The blocks of all pages."""
    for page in pages():
        yield from blocks_of(page, *languages)
