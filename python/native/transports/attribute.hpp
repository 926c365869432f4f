#pragma once

#include "python.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace gawait::python {

/// The text of a name, as an argument of a template.
template <std::size_t Size> struct name_text {
    // NOLINTNEXTLINE(google-explicit-constructor, modernize-avoid-c-arrays): a literal is one.
    consteval name_text(const char (&literal)[Size]) noexcept {
        std::copy_n(literal, Size, text.begin());
    }

    std::array<char, Size> text{};
};

/// A name as Python has it, made once. Borrowed.
template <name_text Name> PyObject* name() noexcept {
    static PyObject* const made = PyUnicode_InternFromString(Name.text.data());
    return made;
}

/// An attribute of an object; empty with an exception set if there is none.
template <name_text Name> object attribute(PyObject* of) noexcept {
    return object::adopt(PyObject_GetAttr(of, name<Name>()));
}

/// Whether an attribute is there and true.
template <name_text Name> bool is_true(PyObject* of) noexcept {
    const object value = attribute<Name>(of);
    const bool truth = value && PyObject_IsTrue(value.get()) > 0;
    PyErr_Clear();
    return truth;
}

/// Calls a method of an object; empty with an exception set on failure.
template <name_text Name, class... Arguments>
object call_method(PyObject* of, Arguments*... arguments) noexcept {
    const std::array<PyObject*, 1 + sizeof...(arguments)> all{of, arguments...};
    return object::adopt(unless_exiting(
        [&] { return PyObject_VectorcallMethod(name<Name>(), all.data(), all.size(), nullptr); }));
}

} // namespace gawait::python
