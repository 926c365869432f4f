"""What gawait-gen makes of an async function: which finish function, which types."""

import pytest
from pieces import (
    CANCELLABLE,
    DATA,
    READY,
    RESULT,
    array,
    function,
    instance,
    only,
    out,
    pair,
    parameter,
    reason,
    type_element,
)


def test_the_name_is_that_of_c_without_prefix_and_async(model):
    operation = only(model(pair()))
    assert operation.name == "thing_work"
    assert operation.finish.c_name == "test_thing_work_finish"


def test_a_finish_function_is_found_by_the_attribute(model):
    operation = only(
        model(pair(finish="test_thing_end", start={"glib_finish_func": "test_thing_end"}))
    )
    assert operation.finish.c_name == "test_thing_end"
    operation = only(model(pair(finish="test_thing_end", start={"glib_finish_func": "end"})))
    assert operation.finish.c_name == "test_thing_end"


def test_a_finish_function_is_found_by_its_own_attribute(model):
    operation = only(model(pair(finish="test_thing_end", glib_async_func="work_async")))
    assert operation.finish.c_name == "test_thing_end"


def test_a_variant_shares_the_finish_function_of_what_it_is_one_of(model):
    start = [instance(), CANCELLABLE, READY, DATA]
    methods = pair() + function("method", "test_thing_work_bytes_async", start)
    written, left_out = model(methods)
    assert not left_out
    assert written["thing_work_bytes"].finish.c_name == "test_thing_work_finish"


def test_a_function_without_a_finish_function_is_named(model):
    methods = function("method", "test_thing_work_async", [instance(), READY, DATA])
    assert reason(model(methods)) == "no function finishes it"
    methods = function("function", "test_report", [READY, DATA])
    written, (left,) = model(methods)
    assert left.reason == "it begins nothing to await" and not left.is_operation


def test_static_functions_and_constructors_have_no_object(model):
    start = function("function", "test_thing_new_async", [CANCELLABLE, READY, DATA])
    finish = function(
        "constructor",
        "test_thing_new_finish",
        [RESULT],
        type_element("Thing", "TestThing*"),
        transfer="full",
        throws="1",
    )
    operation = only(model(start + finish))
    assert not operation.inputs
    assert operation.value_type == "ref<TestThing>"
    assert operation.finish_call == "test_thing_new_finish(result, error)"


def test_the_source_of_a_method_that_finishes_a_function_is_that_of_the_callback(model):
    start = function("function", "test_thing_new_async", [CANCELLABLE, READY, DATA])
    finish = function("method", "test_thing_new_finish", [instance(), RESULT])
    operation = only(model(start + finish))
    assert operation.finish_arguments == ["reinterpret_cast<TestThing*>(source)", "result"]


@pytest.mark.parametrize(
    "given, cpp",
    [
        (parameter("x", "int", "gint"), "gint x"),
        (parameter("x", "gboolean", "gboolean"), "bool x"),
        (parameter("x", "guint64", "guint64"), "guint64 x"),
        (parameter("x", "const char*", "utf8"), "cstring x"),
        (parameter("x", "const char*", "filename", nullable="1"), "optional_cstring x"),
        (parameter("x", "GVariant*", "GLib.Variant"), "gvariant x"),
        (parameter("x", "GVariant*", "GLib.Variant", nullable="1"), "optional_gvariant x"),
        (parameter("x", "GBytes*", "GLib.Bytes"), "X&& x"),
        (parameter("x", "GFileCopyFlags", "Gio.FileCopyFlags"), "GFileCopyFlags x"),
        (
            parameter(
                "x", "", inner=type_element("GLib.List", "GList*", '<type name="utf8"/>')
            ),
            "list_argument<char, GList> x",
        ),
        (
            parameter("x", "", inner=array("char**", '<type name="utf8"/>')),
            "cstrings x",
        ),
    ],
)
def test_arguments_take_what_a_caller_has(model, given, cpp):
    operation = only(model(pair([given])))
    written = operation.inputs[1].parameter
    assert written == cpp.replace("gint x", "int x")


def test_an_object_takes_any_handle_and_null_where_it_may(model):
    given = parameter("file", "GFile*", "Gio.File", nullable="1")
    file = only(model(pair([given]))).inputs[1]
    assert file.template == "handle_to<GFile> File"
    assert (file.default, file.template_default, file.valid) == (
        "nullptr",
        "std::nullptr_t",
        None,
    )


def test_what_must_not_be_null_is_looked_at(model):
    file = only(model(pair([parameter("file", "GFile*", "Gio.File")]))).inputs[1]
    assert file.default is None and file.valid == "file_.valid()"


def test_only_arguments_at_the_end_have_defaults(model):
    flags = parameter("flags", "GFileCopyFlags", "Gio.FileCopyFlags")
    number = parameter("number", "int", "gint")
    operation = only(model(pair([flags, number])))
    assert [each.default for each in operation.inputs] == [None, None, None]
    operation = only(model(pair([number, flags])))
    assert [each.default for each in operation.inputs] == [None, None, "{}"]


def test_the_priority_is_an_option_at_the_end(model):
    given = [
        parameter("io_priority", "int", "gint"),
        parameter("x", "const char*", "utf8", nullable="1"),
    ]
    operation = only(model(pair(given)))
    assert [each.parameter for each in operation.inputs][1:] == [
        "optional_cstring x",
        "io_options options",
    ]
    assert operation.arguments[1] == "priority_"


def buffer(c_type="const void*", **more):
    inner = array(c_type, '<type name="guint8"/>', length="1", zero_terminated="0")
    return parameter("data", "", inner=inner, **more)


def test_an_array_with_a_length_is_a_buffer(model):
    length = parameter("size", "gsize", "gsize")
    operation = only(model(pair([buffer(), length])))
    assert operation.inputs[1].template == "buffer_of<const std::byte> Data"
    assert operation.arguments[1:3] == [
        "data_.template data<void>()",
        "data_.template size<gsize>()",
    ]


def test_a_buffer_that_c_fills_is_not_const(model):
    given = [
        buffer("void*", direction="out", caller_allocates="1"),
        parameter("size", "int", "gint"),
    ]
    written = only(model(pair(given))).inputs[1]
    assert written.template == "buffer_of<std::byte> Data"
    assert written.valid == "data_.template fits<int>()"


def test_a_callback_takes_its_user_data_along(model):
    given = [
        parameter(
            "progress", "GFileProgressCallback", "Gio.FileProgressCallback", nullable="1"
        ),
        parameter("progress_data", "gpointer", "gpointer"),
    ]
    operation = only(model(pair(given)))
    assert operation.arguments[1:3] == ["progress_.function()", "progress_.data()"]
    assert operation.inputs[1].member_type.startswith("detail::callback_argument<")
    given.append(parameter("notify", "GDestroyNotify", "GLib.DestroyNotify"))
    operation = only(model(pair(given)))
    assert operation.arguments[3] == "progress_.destroy()"
    assert operation.inputs[1].member_type.startswith("detail::kept_callback_argument<")


def test_a_function_without_cancellable_is_written_and_says_so(model, generate):
    assert not only(model(pair(cancellable=False))).takes_cancellable
    header = generate(pair(cancellable=False)).header("thing")
    assert "It cannot be cancelled" in header


@pytest.mark.parametrize(
    "returned, transfer, cpp, made",
    [
        (type_element("utf8", "char*"), "full", "unique_string", "take_string"),
        (type_element("utf8", "const char*"), "none", "unique_string", "share_string"),
        (type_element("Gio.File", "GFile*"), "full", "ref<GFile>", "take<GFile>"),
        (type_element("Gio.File", "GFile*"), "none", "ref<GFile>", "share<GFile>"),
        (type_element("GLib.Bytes", "GBytes*"), "full", "ref<GBytes>", "take<GBytes>"),
        (type_element("gboolean", "gboolean"), "none", "bool", "!= FALSE"),
        (type_element("gssize", "gssize"), "none", "gssize", ""),
        (
            type_element("Gio.FileType", "GFileType"),
            "none",
            "GFileType",
            "",
        ),
        (
            type_element("GLib.List", "GList*", '<type name="Gio.File"/>'),
            "full",
            "list<GFile>",
            "take_list<GFile>",
        ),
        (
            type_element("GLib.SList", "GSList*", '<type name="Gio.File"/>'),
            "container",
            "list<GFile>",
            "take_cells<GFile>",
        ),
        (
            type_element("GLib.List", "GList*", '<type name="Gio.File"/>'),
            "none",
            "list<GFile>",
            "share_list<GFile>",
        ),
        (
            type_element("GLib.List", "GList*", '<type name="utf8"/>'),
            "full",
            "std::vector<unique_string>",
            "take_list_of_strings",
        ),
        (
            type_element(
                "GLib.HashTable", "GHashTable*", '<type name="utf8"/><type name="utf8"/>'
            ),
            "full",
            "ref<GHashTable>",
            "take<GHashTable>",
        ),
        (array("char**", '<type name="utf8"/>'), "full", "unique_strv", "take_strings"),
        (
            array("char**", '<type name="utf8"/>'),
            "container",
            "unique_strv",
            "take_array_of_strings",
        ),
        (
            '<array name="GLib.PtrArray" c:type="GPtrArray*"><type name="Gio.File"/></array>',
            "full",
            "ptr_array<GFile>",
            "take<GPtrArray>",
        ),
    ],
)
def test_results_are_owned(model, returned, transfer, cpp, made):
    operation = only(model(pair(returned=returned, transfer=transfer)))
    assert operation.value_type == cpp
    assert made in operation.parts[0].made


def test_nothing_that_is_returned_is_void(model):
    assert only(model(pair())).value_type == "void"


def test_several_results_are_named_parts(model):
    operation = only(
        model(
            pair(
                results=[
                    out("etag_out", "char**", "utf8", transfer_ownership="full"),
                    out("size", "guint64*", "guint64"),
                ],
                returned=type_element("gboolean", "gboolean"),
            )
        )
    )
    assert operation.returns_success
    assert operation.value_type == "thing_work_result"
    assert [(each.name, each.cpp_type) for each in operation.parts] == [
        ("etag", "unique_string"),
        ("size", "guint64"),
    ]


def test_an_array_and_its_length_are_one_part(model):
    data = array("char**", '<type name="guint8"/>', length="1", zero_terminated="0")
    contents = parameter("contents", "", inner=data, direction="out", transfer_ownership="full")
    # The result is parameter 0, so the length is 2.
    found = model(pair(results=[contents, out("length", "gsize*", "gsize")]))
    assert reason(found) == "the length contents is a pointer"
    data = data.replace('length="1"', 'length="2"')
    contents = parameter("contents", "", inner=data, direction="out", transfer_ownership="full")
    operation = only(model(pair(results=[contents, out("length", "gsize*", "gsize")])))
    assert operation.value_type == "unique_array<char>"


@pytest.mark.parametrize(
    "given, why",
    [
        (parameter("x", "int*", "gint", direction="out"), "comes out when it starts"),
        (parameter("x", "int*", "gint"), "is a pointer to gint"),
        (parameter("x", "Nobody*", "Nobody"), "the C type Nobody is not known"),
        (parameter("x", "const char**", "utf8"), "is a string in GIR and none in C"),
        (parameter("x", "GFile*", "utf8"), "is a string in GIR and none in C"),
        (parameter("x", "TestUnknown", "gint"), "the C type TestUnknown is not known"),
        ('<parameter name="..."><varargs/></parameter>', "it is variadic"),
        (parameter("x", "va_list", "va_list"), "its arguments are a va_list"),
    ],
)
def test_what_is_left_out_says_why(model, given, why):
    assert why in reason(model(pair([given])))


def test_an_out_argument_that_is_optional_is_done_without(model):
    given = parameter("serial", "volatile guint32*", "guint32", direction="out", optional="1")
    operation = only(model(pair([given])))
    assert operation.arguments[1] == "nullptr" and operation.left_out == ["serial"]


def test_names_that_are_keywords_are_changed(model):
    operation = only(model(pair([parameter("operator", "int", "gint")])))
    assert operation.inputs[1].parameter == "int operator_"


def test_names_that_mean_something_where_they_come_are_changed(model):
    operation = only(model(pair([parameter("Size", "GFile*", "Gio.File")])))
    assert operation.inputs[1].template == "handle_to<GFile> SizeType"
    operation = only(model(pair([parameter("call", "int", "gint")])))
    assert operation.inputs[1].parameter == "int call_"
    results = [out("ref", "GFile**", "Gio.File"), out("out_list", "guint*", "guint")]
    operation = only(model(pair(results=results)))
    assert [each.name for each in operation.parts] == ["ref_", "list_"]
    assert operation.finish_arguments[2:4] == ["&out_ref", "&out_list"]


def test_a_function_is_not_named_as_a_word_of_cpp(model):
    start = function("function", "test_delete", [CANCELLABLE, READY, DATA])
    operation = only(model(start + function("function", "test_delete_finish", [RESULT])))
    assert operation.name == "delete_"


def test_deprecated_functions_are_marked(generate):
    methods = pair(start={"deprecated": "1", "deprecated_version": "2.1"})
    assert '[[deprecated("since Test 2.1")]] auto thing_work(' in generate(methods).header(
        "thing"
    )


def test_what_is_left_out_is_told_and_in_the_header(generate):
    done = generate(pair() + pair([parameter("x", "int*", "gint")], name="other"))
    assert done.status == 0
    assert "Test-1.0: 1 functions, 1 skipped" in done.told
    line = "test_thing_other_async: its argument x is a pointer to gint"
    assert line in done.told
    assert line.replace(":", "()`:", 1) in done.header("test")


def test_bases_and_references_of_the_classes_are_written(generate):
    classes = generate(pair()).header("classes")
    assert "struct ref_traits<::_TestThing> : gobject_traits<::_TestThing> {};" in classes
