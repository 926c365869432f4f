"""gdb's command gawait-tasks. gdb loads this by itself with libgawait.so."""

import gdb

# The coroutines that the library itself is made of, and as what they are known; those that only
# pass on are known as nothing.
OWN_COROUTINES = {
    "as_task": "",
    "body_of": "",
    "kept_call": "",
    "named": "",
    "for_each_in": "for_each",
    "for_each_of": "for_each",
    "when_all_in": "when_all",
    "when_all_of": "when_all",
    "when_any_in": "when_any",
    "when_any_of": "when_any",
    "with_deadline": "with_timeout",
}


class GawaitTasks(gdb.Command):
    """Print what the C++ tasks of gawait await, of each GMainContext.

    Usage: gawait-tasks

    Who awaits what, down to the operation, by the name of its C function. Of a process that is
    stopped or of a core file: no code of the program is run, so that less is known of some waits
    than `call gawait::dump_tasks()` tells. The debug information of libgawait is needed."""

    def __init__(self):
        super().__init__("gawait-tasks", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        try:
            pending = gdb.lookup_type("gawait::detail::pending").pointer()
            registry = gdb.parse_and_eval("gawait::registered_engines")
        except gdb.error as failure:
            raise gdb.GdbError(
                f"gawait-tasks needs the debug information of libgawait: {failure}"
            )
        for context, engine in engines_in(registry):
            print(f"GMainContext {int(context):#x}")
            tree = Tree()
            for entry in entries_of(engine.dereference(), pending):
                tree.add(entry.dereference())
            for root in tree.roots:
                root.print(1)


# What is in memory ------------------------------------------------------------------


def engines_in(registry):
    """The items of a std::map, whose nodes have their values behind them."""
    if not registry:
        return
    engines = registry.dereference()["engines"]
    item = engines.type.strip_typedefs().template_argument(3).template_argument(0).pointer()
    yield from items_below(engines["_M_t"]["_M_impl"]["_M_header"]["_M_parent"], item)


def items_below(node, item):
    if not node:
        return
    yield from items_below(node["_M_left"], item)
    found = (node + 1).reinterpret_cast(item).dereference()
    yield found["first"], found["second"]
    yield from items_below(node["_M_right"], item)


def entries_of(engine, pending):
    """What is in flight, the oldest first."""
    ring = engine["listed"]
    each = ring["next_"]
    while each and each != ring.address:
        yield each.cast(pending)
        each = each["next_"]


def text_at(pointer):
    return pointer.string() if pointer else ""


# The tree ---------------------------------------------------------------------------


class Node:
    def __init__(self, text):
        self.text = text
        self.awaits = []

    def add(self, text):
        self.awaits.append(Node(text))
        return self.awaits[-1]

    def print(self, depth):
        node = self
        text = node.text
        # A name of its own, for what is awaited.
        while (
            (not text or text.endswith(": "))
            and len(node.awaits) == 1
            and node.awaits[0].awaits
        ):
            node = node.awaits[0]
            text += node.text
        print("  " * depth + (text.removesuffix(": ") or "a task"))
        for each in node.awaits:
            each.print(depth + 1)


class Tree:
    def __init__(self):
        self.roots = []
        self.nodes = {}

    def add(self, entry):
        node = self.node_of(entry["where_"])
        kind = entry["kind_"].dereference()
        role = str(kind["role"]).rpartition("::")[2]
        what = text_at(kind["name"]).strip() or function_at(entry["function_"])
        if role in ("wait", "operation"):
            node.add(f"awaits {what}")
        elif role == "call":
            node.text = f"called as {what}"

    def node_of(self, environment):
        key = int(environment)
        if key not in self.nodes:
            self.nodes[key] = self.new_node(environment.dereference())
        return self.nodes[key]

    def new_node(self, environment):
        text = text_of(environment)
        if not environment["awaiter"]:
            self.roots.append(Node(text))
            return self.roots[-1]
        awaiter = self.node_of(environment["awaiter"])
        if (
            environment["frame"] == environment["awaiter"]["frame"]
        ):  # the task and its coroutine
            if environment["name"]:
                awaiter.text = text
            return awaiter
        return awaiter.add(text) if text else awaiter


def text_of(environment):
    """Nothing, if it is none that is to be seen."""
    name = text_at(environment["name"])
    function = ""
    if environment["frame"]:
        pointer = gdb.lookup_type("void").pointer()
        resume = environment["frame"].cast(pointer.pointer()).dereference()
        function = known_as(function_at(resume)) if resume else ""
    return f"{name}: {function}" if name else function


def known_as(function):
    own = function.removeprefix("gawait::").removeprefix("detail::")
    own = own.partition("<")[0].partition("(")[0]
    if own == function or ":" in own:
        return function
    return OWN_COROUTINES.get(own, own)


# Names of functions -----------------------------------------------------------------


def function_at(address):
    """The function at an address, without its parameters. What resumes a coroutine is named after
    that: by clang with a suffix, by g++ with a parameter as well."""
    if not address:
        return "something"
    gdb.execute("set print demangle off")
    try:
        said = gdb.execute(f"info symbol {int(address)}", to_string=True)
    finally:
        gdb.execute("set print demangle on")
    if said.startswith("No symbol"):
        return f"{int(address):#x}"
    symbol = said.partition(" ")[0]
    mangled = symbol[max(symbol.rfind("_Z"), 0) :].partition(".")[0]
    try:
        return short_name(gdb.execute(f"demangle -l c++ -- {mangled}", to_string=True).strip())
    except gdb.error:  # a function of C
        return mangled


def short_name(name):
    """Without its parameters, what a template returns, and namespaces that have no name."""
    name = name.replace("(anonymous namespace)::", "")
    end = name.rfind(")") + 1
    parameters = last_outside_brackets(name[:end], "(")
    if parameters > 0:
        name = name[:parameters]
    return name[last_outside_brackets(name, " ") + 1 :]


def last_outside_brackets(text, wanted):
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth -= text[at] in "([{<"
        if text[at] == wanted and depth == 0:
            return at
        depth += text[at] in ")]}>"
    return -1


GawaitTasks()
