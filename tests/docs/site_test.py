"""The documentation builds as a site, whose links lead somewhere."""

import pathlib
import re
import subprocess

import pages
import pytest

import gawait

BUILD = pathlib.Path(gawait.__file__).parents[2]
LINK = re.compile(r"(?<!\\)\]\(([^)\s]+)\)")
FENCED = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)


def test_it_builds_without_a_warning():
    """With what Sphinx checks: pages that no other shows, headings, links, references, docstrings."""
    built = subprocess.run(
        [pages.ROOT / "tools/docs", BUILD], capture_output=True, text=True, timeout=300
    )
    assert built.returncode == 0, built.stderr
    assert pathlib.Path(built.stdout.strip()).is_file()


# What these tests run, compile or compare, and what is none of theirs.
TRIED = {"python", "cpp", "sh", "text", "xml"}
SHOWN = {"", "meson", "cmake", "make", "yaml", "debcontrol", "c"}


@pytest.mark.parametrize("page", pages.pages())
def test_no_block_escapes_the_tests(page):
    """As one in a language by another name would, or one that is not found."""
    found = list(pages.blocks_of(page))
    fences = re.findall("^ *```", (pages.ROOT / page).read_text(), re.MULTILINE)
    assert len(fences) == 2 * len(found)
    for block in found:
        assert block.language in TRIED | SHOWN or block.language.startswith("{"), str(block)
        assert block.mark != "fragment" or block.said, str(block)


def anchors(page):
    """The names of a page's headings, as GitHub and Sphinx make them."""
    text = FENCED.sub("", page.read_text())
    for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", pages.pages())
def test_what_it_links_to_is_there(page):
    path = pages.ROOT / page
    for link in LINK.findall(re.sub(r"`[^`]*`", "", FENCED.sub("", path.read_text()))):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = path.parent / file if file else path
        assert target.exists(), link
        assert not anchor or anchor in set(anchors(target)), link
