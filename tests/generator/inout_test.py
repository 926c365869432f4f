"""What gawait-gen makes of arguments that go in and come out. What comes of them when they are
awaited is in tests/cpp/typed/inout_test.cpp.
"""

import pytest
from pieces import array, only, out, pair, parameter, reason, type_element


def inout(name, c_type, gir_type=None, transfer="full", **more):
    return parameter(
        name, c_type, gir_type, direction="inout", transfer_ownership=transfer, **more
    )


def numbers(c_type="int**", element="int*", length="1", **more):
    inner = array(c_type, type_element("gint", element), length=length, zero_terminated="0")
    return inout("numbers", "", inner=inner, **more)


def test_one_of_the_start_function_is_a_parameter_and_a_result(model):
    operation = only(model(pair([inout("level", "int*", "gint")])))
    assert [each.parameter for each in operation.inputs][1:] == ["int level"]
    assert operation.arguments[1] == "&level_inout_"
    (variable,) = operation.variables
    assert (variable.c_type, variable.given) == ("int", "level_")
    assert operation.value_type == "int" and operation.parts[0].made == "level_inout_"


def test_one_of_the_finish_function_is_too_and_comes_behind_those_of_the_start(model):
    given = [parameter("io_priority", "int", "gint"), parameter("x", "int", "gint")]
    operation = only(model(pair(given, [inout("level", "gboolean*", "gboolean")])))
    assert [each.parameter for each in operation.inputs][1:] == [
        "int x",
        "bool level",
        "io_options options",
    ]
    assert operation.finish_arguments[2] == "&out_level"
    assert operation.outs[0].given == "level_"
    assert operation.value_type == "bool"


def test_the_result_has_those_of_both_functions_by_their_names(model):
    found = model(
        pair(
            [inout("first", "int*", "gint")],
            [inout("second", "int*", "gint"), out("third", "int*", "gint")],
            type_element("gboolean", "gboolean"),
        )
    )
    operation = only(found)
    assert operation.returns_success
    assert [each.name for each in operation.parts] == ["first", "second", "third"]


def test_what_the_finish_function_returns_comes_first(generate, model):
    methods = pair([inout("level", "int*", "gint")], returned=type_element("gint", "int"))
    operation = only(model(methods))
    assert [each.name for each in operation.parts] == ["value", "level"]
    header = generate(methods).header("thing")
    assert "auto returned = test_thing_work_finish" in header
    assert "return {returned, level_inout_};" in header


def test_a_boolean_beside_one_of_the_start_function_says_whether_it_was_changed(model):
    operation = only(
        model(
            pair(
                [inout("level", "int*", "gint")], returned=type_element("gboolean", "gboolean")
            )
        )
    )
    assert operation.returns_success and operation.value_type == "int"


@pytest.mark.parametrize(
    "given, transfer, goes_in, comes_out",
    [
        (("char**", "utf8"), "full", "x_.give()", "detail::take_string({})"),
        (("char**", "utf8"), "none", "const_cast<char*>(x_.get())", "detail::share_string({})"),
        (("const char**", "utf8"), "none", "x_.get()", "detail::share_string({})"),
        (("GFile**", "Gio.File"), "full", "x_.give()", "detail::take<GFile>({})"),
        (("GFile**", "Gio.File"), "none", "x_.get()", "detail::share<GFile>({})"),
        (("GBytes**", "GLib.Bytes"), "full", "x_.give()", "detail::take<GBytes>({})"),
        (("GVariant**", "GLib.Variant"), "full", "x_.give()", "detail::take<GVariant>({})"),
        (
            ("GValue**", "GObject.Value"),
            "full",
            "detail::copied_boxed(x_.get(), g_value_get_type()).release()",
            "detail::take<GValue>({})",
        ),
        (("GFileType*", "Gio.FileType"), "full", "x_", "{}"),
        (("gpointer*", "gpointer"), "none", "x_", "{}"),
    ],
)
def test_the_transfer_holds_both_ways(model, given, transfer, goes_in, comes_out):
    operation = only(model(pair([inout("x", *given, transfer=transfer)])))
    assert operation.variables[0].given == goes_in
    assert operation.parts[0].made == comes_out.replace("{}", "x_inout_")


@pytest.mark.parametrize(
    "transfer, goes_in, comes_out",
    [
        ("full", "x_.give()", "detail::take_strings(x_inout_)"),
        ("container", "x_.give_container()", "detail::take_array_of_strings(x_inout_)"),
        ("none", "x_.get()", "detail::share_strings(x_inout_)"),
    ],
)
def test_containers_may_go_with_or_without_what_is_in_them(model, transfer, goes_in, comes_out):
    strings = array("char***", type_element("utf8", "char**"))
    operation = only(model(pair([inout("x", "", inner=strings, transfer=transfer)])))
    assert operation.variables[0].given == goes_in
    assert operation.parts[0].made == comes_out


def test_what_c_lends_is_not_looked_at_after_a_failure(generate):
    files = type_element("GLib.List", "GList**", '<type name="Gio.File"/>')
    given = [
        inout("name", "const char**", "utf8", transfer="none"),
        inout("files", "", inner=files, transfer="container"),
        inout("owned", "char**", "utf8"),
        inout("level", "int*", "gint", transfer="none"),
    ]
    header = generate(pair(given)).header("thing")
    assert "        detail::forget(name_inout_);\n" in header
    assert "        detail::free_containers(files_inout_);\n" in header


def test_an_array_has_a_length_that_goes_both_ways(model):
    operation = only(model(pair([numbers(), inout("count", "gsize*", "gsize")])))
    assert operation.inputs[1].template == "buffer_of<const int> Numbers"
    assert operation.arguments[1:3] == ["&numbers_inout_", "&count_inout_"]
    assert [each.given for each in operation.variables] == [
        "numbers_.template give<int>()",
        "numbers_.template size<gsize>()",
    ]
    assert operation.value_type == "unique_array<int>"
    assert "std::size_t(count_inout_)" in operation.parts[0].made


def test_a_length_before_its_array_is_known_all_the_same(model):
    given = [inout("count", "gsize*", "gsize"), numbers(length="1")]
    operation = only(model(pair(results=given)))
    assert [each.given for each in operation.outs] == [
        "numbers_.template size<gsize>()",
        "numbers_.template give<int>()",
    ]


def test_a_structure_that_c_changes_in_place_goes_by_value(model):
    record = '<record name="Point" c:type="TestPoint"><field name="x"><type name="gint" c:type="gint"/></field></record>'
    operation = only(model(pair([inout("point", "TestPoint*", "Point")]), record))
    assert operation.inputs[1].parameter == "TestPoint point"
    assert operation.value_type == "TestPoint"


def test_what_comes_back_is_told_in_the_documentation(generate):
    header = generate(pair([inout("level", "int*", "gint")])).header("thing")
    assert "/// It gives back what C leaves in `level`." in header


COUNT = inout("count", "gsize*", "gsize")


@pytest.mark.parametrize(
    "given, why",
    [
        (
            [inout("x", "char**", "utf8", transfer="container")],
            "x is taken over as a container",
        ),
        ([inout("x", "GFile**", "Gio.File", transfer="floating")], "x floats in and out"),
        (
            [inout("x", "gpointer*", "gpointer")],
            "x is taken over and nobody knows what frees it",
        ),
        ([inout("x", "int", "gint")], "x comes out and is no pointer in C"),
        ([inout("x", "const int*", "gint")], "x comes out and is constant in C"),
        ([inout("x", "char* const*", "utf8")], "x comes out and is constant in C"),
        ([inout("x", "char*", "utf8")], "x is a string in GIR and none in C"),
        (
            [numbers(), parameter("count", "gsize", "gsize")],
            "numbers goes in and comes out, and its length does not",
        ),
        (
            [numbers(), out("count", "gsize*", "gsize")],
            "numbers goes in and comes out, and its length does not",
        ),
        ([numbers("int*", "int"), COUNT], "numbers is an array of pointers"),
        (
            [numbers(), COUNT, numbers().replace('"numbers"', '"others"')],
            "count is the length of two arrays",
        ),
        (
            [inout("x", "GAsyncReadyCallback", "Gio.AsyncReadyCallback")],
            "it takes two ready callbacks",
        ),
        (
            [inout("x", "int*", "gint"), parameter("x_inout", "int", "gint")],
            "two of its arguments have the same name",
        ),
    ],
)
def test_what_has_no_meaning_is_left_out_and_says_why(model, given, why):
    assert why in reason(model(pair(given)))


def test_what_a_function_is_called_on_does_not_come_out(model):
    methods = pair().replace("<instance-parameter", '<instance-parameter direction="inout"', 1)
    assert "what it is called on, thing, goes in and comes out" in reason(model(methods))
