"""The C++ of one async function, signal or property."""

import re

from .inputs import Priority
from .layout import function, templated, wrap

# What gawait/streams.hpp has by hand.
STREAMS = {
    "g_input_stream_read_async": "read_from",
    "g_input_stream_read_all_async": "read_all_from",
    "g_input_stream_read_bytes_async": "read_bytes_from",
    "g_input_stream_skip_async": "skip_in",
    "g_output_stream_write_async": "write_to",
    "g_output_stream_write_all_async": "write_all_to",
    "g_output_stream_write_bytes_async": "write_bytes_to",
}


def is_of_streams(operation):
    """Whether it is one of those by hand."""
    return operation.start.c_name in STREAMS


def result_struct(operation):
    """What it gives, if that has several parts."""
    lines = [
        f"/// What `{operation.name}()` gives.",
        f"struct {operation.result_name} {{",
        *(f"    {part.cpp_type} {part.name};" for part in operation.parts),
        "};",
    ]
    return "\n".join(lines)


def call_struct(operation):
    """The arguments, and how C is called with them: what `typed_operation` wants."""
    lines = [
        f"    using value_type = {operation.value_type};",
        f'    static constexpr const char* name = "{operation.start.c_name}";',
        "",
    ]
    lines += [f"    {each.member_type} {each.member};" for each in operation.inputs]
    lines += [f"    {each.c_type} {each.name}{{}};" for each in operation.variables]
    if operation.inputs:
        lines.append("")
    valid = [each.valid for each in operation.inputs if each.valid] or ["true"]
    condition = wrap("return ", valid, ";", 8, " && ").strip()
    lines.append(function("bool valid", [], " const noexcept", condition, 4))
    lines += ["", *_start(operation), "", *_finish(operation)]
    head = templated(
        [f"class {each.type_name}" for each in operation.templates],
        f"struct {operation.name} {{",
    )
    return "\n".join([head, *lines, "};"])


def _start(operation):
    cancellable = "cancellable" if operation.takes_cancellable else "/*cancellable*/"
    parameters = [
        f"GCancellable* {cancellable}",
        "GAsyncReadyCallback callback",
        "gpointer data",
    ]
    given = [f"        {each.name} = {each.given};" for each in operation.variables]
    called = wrap(f"{operation.start.c_name}(", operation.arguments, ");", 8)
    return [wrap("void start(", parameters, ") {", 4), *given, called, "    }"]


def _finish(operation):
    source = any(re.search(r"\bsource\b", each) for each in operation.finish_arguments)
    parameters = [
        f"GObject* {'source' if source else '/*source*/'}",
        "GAsyncResult* result",
        f"GError** {'error' if operation.finish.throws else '/*error*/'}",
    ]
    lines = [f"        {each.c_type} {each.name}{{{each.given}}};" for each in operation.outs]

    def called(before, after):
        return wrap(f"{before}{operation.finish.c_name}(", operation.finish_arguments, after, 8)

    if operation.returns_success:
        lines += [called("if (!", "))"), "            detail::ensure_error(error);"]
    elif not operation.returned:
        lines.append(called("", ");"))
    elif operation.outs or len(operation.parts) > 1:
        lines.append(called("auto returned = ", ");"))
    if operation.finish.throws:
        lines += _after_failure(operation)
    if operation.parts:
        made = [
            _returned(operation, part) if part is operation.returned else part.made
            for part in operation.parts
        ]
        if len(made) == 1 and operation.returned and not operation.outs:
            before, after = operation.returned.made.split("{}")
            lines.append(called(f"return {before}", f"){after};"))
        elif len(made) == 1:
            lines.append(f"        return {made[0]};")
        else:
            lines.append(wrap("return {", made, "};", 8))
    return [wrap("value_type finish(", parameters, ") {", 4), *lines, "    }"]


def _after_failure(operation):
    """What C lent is not to be looked at then."""
    forgotten = [
        wrap(f"detail::{function}(", names, ");", 12)
        for function, names in [
            ("forget", operation.lent),
            ("free_containers", operation.containers),
        ]
        if names
    ]
    if len(forgotten) == 2:
        return ["        if (*error) {", *forgotten, "        }"]
    return ["        if (*error)", *forgotten] if forgotten else []


def _returned(operation, part):
    return part.made.replace("{}", "returned")


def public_function(operation, documentation):
    """The function that is to be called, with its documentation."""
    names = [each.type_name for each in operation.templates]
    call = f"calls::{operation.name}" + (f"<{', '.join(names)}>" if names else "")
    initializers = [each.initializer for each in operation.inputs]
    parameters = [
        each.parameter + (f" = {each.default}" if each.default else "")
        for each in operation.inputs
    ]
    head = f"{_deprecation(operation.start, operation.namespace)}{'' if names else 'inline '}auto {operation.name}("
    declaration = templated(
        [
            each.template + (f" = {each.template_default}" if each.template_default else "")
            for each in operation.templates
        ],
        wrap(head, parameters, ") {"),
    )
    body = [
        f"    using call = {call};",
        wrap("return detail::typed_operation(call{", initializers, "});", 4),
    ]
    if is_of_streams(operation):
        arguments = [
            "options" if isinstance(each, Priority) else each.initializer
            for each in operation.inputs
        ]
        body = [wrap(f"return gawait::{STREAMS[operation.start.c_name]}(", arguments, ");", 4)]
    return "\n".join([documentation, declaration, *body, "}"])


def signal_function(signal, documentation):
    """The function that gives a signal of an object."""
    arguments = ["object", f'"{signal.element.name}"']
    parameters = [f"emitter<{signal.owner.c_type}> object"]
    if signal.has_detail:
        parameters.append("const char* detail = nullptr")
        arguments.append("detail")
    made = wrap(f"using signal = object_signal<{signal.answer}(", signal.arguments, ")>;", 4)
    return _observing(
        signal, parameters, [made, f"    return signal({', '.join(arguments)});"], documentation
    )


def property_function(observed, documentation):
    """The function that gives a property of an object."""
    arguments = ["object", f'"{observed.element.name}"']
    made = wrap(f"return object_property<{observed.value}>(", arguments, ");", 4)
    parameters = [f"emitter<{observed.owner.c_type}> object"]
    return _observing(observed, parameters, [made], documentation)


def _observing(observed, parameters, body, documentation):
    deprecated = _deprecation(observed.element, observed.owner.namespace)
    head = wrap(f"{deprecated}inline auto {observed.name}(", parameters, ") {")
    return "\n".join([documentation, head, *body, "}"])


def _deprecation(function, namespace):
    if not function.deprecated:
        return ""
    since = function.deprecated_version
    if not since or not re.fullmatch(r"[\w.]+", since):
        return "[[deprecated]] "
    return f'[[deprecated("since {namespace.name} {since}")]] '


def gtype_name(member):
    """Tells the library what GObject calls a type."""
    return wrap(
        "template <> inline constexpr const char* ",
        [f"gtype_name<{member.c_type}>", f'"{member.gtype_name}";'],
        "",
        separator=" = ",
    )
