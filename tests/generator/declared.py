"""What C would declare of a namespace, as its GIR file has it: so that what gawait-gen writes for a
library that there is not can be compiled.
"""

from gawait_gen.gir import Alias, Callback, Class, Enumeration, Interface, Record


def _types(namespace):
    seen = set()
    for member in namespace.members.values():
        name = member.c_type
        if not name or name in seen:
            continue
        seen.add(name)
        if isinstance(member, Enumeration):
            yield f"enum {name} {{ {name}_NONE }};"
        elif isinstance(member, (Class, Interface, Record)):
            yield f"typedef struct _{name} {name};"
            if isinstance(member, Record) and member.fields:
                yield f"struct _{name} {{ int field; }};"
        elif isinstance(member, Alias):
            yield f"typedef {member.target.c_type} {name};"
        elif isinstance(member, Callback):
            parameters = ", ".join(["gpointer"] * len(member.parameters))
            yield f"typedef void (*{name})({parameters});"


def _functions(namespace, operations):
    declared = {}
    for member in namespace.members.values():
        if getattr(member, "get_type", None):
            declared.setdefault(member.get_type, f"GType {member.get_type}();")
        if isinstance(member, Record):
            for name in filter(None, (member.ref, member.unref, member.free)):
                declared.setdefault(name, f"void {name}({member.c_type}*);")
            if member.copy:
                const = f"{member.c_type}* {member.copy}(const {member.c_type}*);"
                declared.setdefault(member.copy, const)
        if isinstance(member, Class) and all(member.fundamental_functions or [None]):
            ref, unref = member.fundamental_functions
            declared.setdefault(ref, f"{member.c_type}* {ref}({member.c_type}*);")
            declared.setdefault(unref, f"void {unref}({member.c_type}*);")
    for operation in operations:
        for each in (operation.start, operation.finish):
            returned = each.returned.type.c_type or "void"
            declared.setdefault(
                each.c_name, f"template <class... A> {returned} {each.c_name}(A&&...);"
            )
    return declared.values()


def text(namespace, operations):
    lines = ["#include <gio/gio.h>", *_types(namespace), *_functions(namespace, operations)]
    return "\n".join(lines) + "\n"
