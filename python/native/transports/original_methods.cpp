#include "transports/original_methods.hpp"

#include <algorithm>

namespace gawait::python {

bool original_methods::remember(PyTypeObject* type, PyTypeObject* above,
                                const char* const* names) noexcept {
    type_ = reinterpret_cast<PyTypeObject*>(Py_NewRef(type));
    for (; *names; ++names) {
        PyObject* const name = PyUnicode_InternFromString(*names);
        for (PyTypeObject* const of : {type, above}) {
            PyObject* const function =
                name ? PyObject_GetAttr(reinterpret_cast<PyObject*>(of), name) : nullptr;
            if (!function)
                return false;
            methods_.push_back({of, name, function});
        }
    }
    return true;
}

bool original_methods::have(PyObject* name) const noexcept {
    return std::ranges::any_of(methods_, [&](const method& each) { return each.name == name; });
}

bool original_methods::look_again() noexcept {
    const bool same = std::ranges::all_of(methods_, [](const method& each) {
        const auto found =
            object::adopt(PyObject_GetAttr(reinterpret_cast<PyObject*>(each.of), each.name));
        PyErr_Clear();
        return found.get() == each.function;
    });
    version_ = same ? type_->tp_version_tag : 0;
    return same;
}

} // namespace gawait::python
