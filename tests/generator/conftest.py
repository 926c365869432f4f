"""What the tests of gawait-gen share: the generator, run on a small GIR file."""

import pytest

from pieces import HEAD, OBJECT, TAIL

# Reading Gio takes a second: once for all tests.
_read = {}


@pytest.fixture(autouse=True)
def read_once(monkeypatch):
    import gawait_gen.repository as repository

    read = repository.Namespace

    def remembered(path):
        if path.name == "Test-1.0.gir":
            return read(path)
        if path not in _read:
            _read[path] = read(path)
        return _read[path]

    monkeypatch.setattr(repository, "Namespace", remembered)


class Generated:
    """What a run of gawait-gen came to."""

    def __init__(self, status, told, error, output):
        self.status = status
        self.told = told
        self.error = error
        self.output = output

    def header(self, name):
        return (self.output / "gawait/test" / f"{name}.hpp").read_text()


@pytest.fixture
def generate(tmp_path, capsys):
    """Runs gawait-gen on a class with this content, or on a whole file."""
    from gawait_gen.main import main

    def run(methods="", whole=None):
        gir = tmp_path / "Test-1.0.gir"
        text = whole
        if text is None:
            text = f"{HEAD}{OBJECT}{methods}</class>{TAIL}"
        gir.write_bytes(text if isinstance(text, bytes) else text.encode())
        output = tmp_path / "output"
        status = main([str(gir), "--output", str(output)])
        told = capsys.readouterr()
        return Generated(status, told.out, told.err, output)

    return run


@pytest.fixture
def model(tmp_path):
    """The operations of a class with this content, by their names, and what is left out."""
    from gawait_gen.operations import operations
    from gawait_gen.repository import Repository, default_directories

    def make(methods, more=""):
        gir = tmp_path / "Test-1.0.gir"
        gir.write_text(f"{HEAD}{OBJECT}{methods}</class>{more}{TAIL}")
        repository = Repository(default_directories())
        written, left_out = operations(repository, repository.load(str(gir)))
        return {each.name: each for each in written}, left_out

    return make
