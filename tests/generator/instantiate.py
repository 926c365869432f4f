"""instantiate.py NAMESPACE FILE: writes a C++ file in which every function of a namespace that
gawait-gen writes is there with all that is in it, so that the compiler looks at it.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "generator"))
sys.dont_write_bytecode = True

from gawait_gen.inputs import Buffer, Object, Priority  # noqa: E402
from gawait_gen.operations import operations  # noqa: E402
from gawait_gen.repository import Repository, default_directories  # noqa: E402
from gawait_gen.text import is_of_streams  # noqa: E402


def argument(each):
    """A type that the function could be called with."""
    if isinstance(each, Object):
        return f"{each.pointee}*"
    if isinstance(each, Buffer):
        element = each.template.partition("<")[2].rpartition(">")[0]
        return f"std::span<{element}>"
    return "std::nullptr_t"


def awaiter(place, operation):
    """The type of what a function gives to be awaited, for which its body is looked at."""
    types = [
        argument(each) if each.template else each.parameter.rpartition(" ")[0]
        for each in operation.inputs
        if not isinstance(each, Priority)
    ]
    values = ", ".join(f"std::declval<{each}>()" for each in types)
    return f"decltype(gawait::{place}::{operation.name}({values}))"


def text(namespace, written):
    place = namespace.name.lower()
    lines = [
        f"#include <gawait/{place}/{place}.hpp>",
        "",
        "#include <cstddef>",
        "#include <span>",
        "#include <utility>",
    ]
    lines.append("G_GNUC_BEGIN_IGNORE_DEPRECATIONS")
    for each in written:
        if is_of_streams(each):
            lines.append(f"using {each.name} = {awaiter(place, each)};")
            continue
        name = f"gawait::{place}::calls::{each.name}"
        arguments = ", ".join(argument(one) for one in each.templates)
        if arguments:
            name += f"<{arguments}>"
            lines.append(f"template struct {name};")
        lines.append(f"template class gawait::detail::typed_operation<{name}>;")
    lines.append("G_GNUC_END_IGNORE_DEPRECATIONS")
    return "\n".join(lines) + "\n"


def main(name, path):
    repository = Repository(default_directories())
    namespace = repository.load(name)
    written, _ = operations(repository, namespace)
    pathlib.Path(path).write_text(text(namespace, written))


if __name__ == "__main__":
    main(*sys.argv[1:])
