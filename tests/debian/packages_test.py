"""What debian/ says of the packages, beside what is built. tools/packages builds and tries them."""

import glob
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gawait

ROOT = Path(__file__).parents[2]
BUILT = Path(gawait.__file__).parents[2]
PACKAGING = ROOT / "debian"


def paragraphs(path):
    """Those of a file of Debian's control format, each a dictionary."""
    text = re.sub(r"^#.*\n", "", path.read_text(), flags=re.M)
    for paragraph in re.split(r"\n{2,}", text.strip()):
        unfolded = re.sub(r"\n\s+", " ", paragraph)
        yield dict(re.split(r":\s*", line, maxsplit=1) for line in unfolded.splitlines())


def lines_of(path):
    return [line for line in path.read_text().splitlines() if line]


def version():
    return re.search(r"version: '(.*)'", (ROOT / "meson.build").read_text())[1]


PACKAGES = {each["Package"]: each for each in list(paragraphs(PACKAGING / "control"))[1:]}
# Of the build; gawait-doc has what is in the source.
INSTALLED = {
    path.stem: lines_of(path)
    for path in sorted(PACKAGING.glob("*.install"))
    if path.stem != "gawait-doc"
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """What `meson install` and debian/rules install, below usr/."""
    top = tmp_path_factory.mktemp("installed")
    options = json.loads(
        subprocess.check_output(["meson", "introspect", "--buildoptions", BUILT], text=True)
    )
    (prefix,) = [each["value"] for each in options if each["name"] == "prefix"]
    subprocess.run(
        ["meson", "install", "-C", BUILT, "--no-rebuild", "--quiet", "--destdir", top / "new"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (top / "new" / prefix.lstrip("/")).rename(top / "usr")
    (modules,) = top.glob("usr/lib/python3*/dist-packages")
    subprocess.run([PACKAGING / "dist-info", version(), modules], cwd=ROOT, check=True)
    return top


def files_below(path):
    if not path.is_dir():
        return {path}
    return {each for each in path.rglob("*") if not each.is_dir()}


def test_each_installed_file_is_in_exactly_one_package(tree):
    # An application among the examples is installed where examples are built, as in ./test.
    holders = {
        path: []
        for path in files_below(tree / "usr")
        if not path.name.startswith("org.gawait.Explorer")
    }
    for package, patterns in INSTALLED.items():
        for pattern in patterns:
            for name in glob.glob(pattern, root_dir=tree):
                for path in files_below(tree / name):
                    holders[path].append(package)
    wrong = {
        str(path.relative_to(tree)): packages
        for path, packages in holders.items()
        if len(packages) != 1
    }
    assert len(holders) > 100 and wrong == {}


@pytest.mark.parametrize(
    "pattern", [pattern for patterns in INSTALLED.values() for pattern in patterns]
)
def test_what_a_package_is_to_have_is_installed(tree, pattern):
    assert glob.glob(pattern, root_dir=tree)


def test_only_packages_that_there_are_get_files():
    assert INSTALLED.keys() <= PACKAGES.keys()


def test_the_packages_have_the_version_of_the_project():
    newest = re.match(r"gawait \((.*)\)", (PACKAGING / "changelog").read_text())[1]
    assert newest == version()


def test_the_package_of_the_library_is_named_after_its_soname(tree):
    (library,) = tree.glob("usr/lib/*/libgawait.so.*.*")
    told = subprocess.check_output(["objdump", "-p", library], text=True)
    soname = re.search(r"SONAME\s+(\S+)", told)[1]
    assert soname.replace(".so.", "") in PACKAGES


def test_pip_and_pytest_are_told_of_the_python_package(tree):
    program = """
import importlib.metadata as metadata, sys
found = metadata.distribution("gawait")
(plugin,) = found.entry_points.select(group="pytest11")
print(found.version, found.read_text("INSTALLER").strip(), plugin.value, *found.requires)
"""
    (modules,) = tree.glob("usr/lib/python3*/dist-packages")
    told = subprocess.check_output(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": modules}, text=True
    )
    assert re.fullmatch(
        rf"{version()} debian gawait.testing.plugin PyGObject\s*>=\s*3.42", told.strip()
    )


def test_the_tests_of_the_packages_are_there_and_need_what_there_is():
    tests = list(paragraphs(PACKAGING / "tests/control"))
    names = {each["Tests"] for each in tests}
    files = {path.name for path in (PACKAGING / "tests").iterdir() if path.name != "control"}
    assert names == files
    for each in tests:
        assert os.access(PACKAGING / "tests" / each["Tests"], os.X_OK)
        ours = re.findall(r"[\w-]*gawait[\w-]*", each["Depends"])
        assert ours and set(ours) <= PACKAGES.keys()


def test_each_package_is_used_by_a_test_of_the_packages():
    needed = " ".join(each["Depends"] for each in paragraphs(PACKAGING / "tests/control"))
    # A library comes along with whatever needs it.
    assert set(re.findall(r"[\w-]*gawait[\w-]*", needed)) == PACKAGES.keys() - {"libgawait0"}


def test_the_manual_page_has_the_options_of_the_generator():
    told = subprocess.check_output([ROOT / "generator/gawait-gen", "--help"], text=True)
    page = (ROOT / "generator/gawait-gen.1").read_text().replace("\\-", "-")
    described = re.findall(r"^\.TP\n\.B.*", page, flags=re.M)
    options = re.compile(r"--[a-z-]+")
    assert set(options.findall("".join(described))) == set(options.findall(told))
