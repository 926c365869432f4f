"""Lines of C++ that are not too long, laid out as clang-format lays out the project."""

WIDTH = 100


def wrap(head, pieces, tail, indent=0, separator=", "):
    """`head`, which ends in a bracket, `pieces` and `tail`, in lines that are broken between
    pieces and begin below the first of them, or one level in where they would not fit there.
    """
    space = " " * indent
    line = space + head + separator.join(pieces) + tail
    if len(line) <= WIDTH or not pieces:
        return line
    for before, kept in _outer_breaks(head):
        inner_line = f"{space}    {kept}{separator.join(pieces)}{tail}"
        if len(inner_line) <= WIDTH:
            return f"{space}{before}\n{inner_line}"
    between = separator.rstrip()
    ends = [each + between for each in pieces[:-1]] + [pieces[-1] + tail]
    aligned = _filled(space + head, len(space + head), ends)
    inner = indent + 4
    broken = [space + head, *_filled(" " * inner, inner, ends)]
    outer, bracket, rest = head[:-1].rpartition("(")
    if len(broken[0]) > WIDTH and bracket:
        # The bracket before may be broken after, too.
        return f"{space}{outer}(\n" + wrap(rest + head[-1], pieces, tail, inner, separator)
    fits = max(map(len, aligned)) <= WIDTH
    return "\n".join(aligned if fits and len(aligned) <= len(broken) else broken)


def _outer_breaks(head):
    """Where a line may be broken before its last bracket: after "=" and after the bracket of a
    call that this is the argument of.
    """
    before, equals, kept = head.partition(" = ")
    if equals and "(" not in before:
        yield f"{before} =", kept
    outer, bracket, kept = head[:-1].rpartition("(")
    if bracket and ")" not in kept and not outer.endswith("if "):
        yield f"{outer}(", kept + head[-1]


def _filled(first, column, ends):
    lines = []
    current = first
    begun = False
    for end in ends:
        if begun and len(current) + 1 + len(end) > WIDTH:
            lines.append(current)
            current = " " * column
            begun = False
        current += (" " if begun else "") + end
        begun = True
    return [*lines, current]


def templated(parameters, declaration):
    """A declaration with its template parameters, if any: in one line if that is long enough."""
    if not parameters:
        return declaration
    line = f"template <{', '.join(parameters)}> {declaration}"
    if len(line.splitlines()[0]) <= WIDTH and "\n" not in declaration:
        return line
    return wrap("template <", parameters, ">") + "\n" + declaration


def function(head, parameters, tail, statement, indent=0):
    """A function of one statement, in one line if that is long enough."""
    line = " " * indent + f"{head}({', '.join(parameters)}){tail} {{ {statement} }}"
    if len(line) <= WIDTH and "\n" not in statement:
        return line
    inner = " " * (indent + 4)
    return "\n".join(
        [
            wrap(f"{head}(", parameters, f"){tail} {{", indent),
            inner + statement,
            " " * indent + "}",
        ]
    )
