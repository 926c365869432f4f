#include "user_data.hpp"

#include "pygobject.hpp"

#include <gio/gio.h>

namespace gawait::python {
namespace {

GQuark begun; // on a result: Python has begun the operation, by the function of that name
PyObject* attribute;

constexpr const char* unknown = "";

GObject* result_in(PyObject* given) noexcept {
    GObject* result = pygobject_check(given, &PyGObject_Type) ? pygobject_get(given) : nullptr;
    return G_IS_ASYNC_RESULT(result) ? result : nullptr;
}

} // namespace

void mark_begun(GAsyncResult* result, const char* by) noexcept {
    g_object_set_qdata(reinterpret_cast<GObject*>(result), begun,
                       const_cast<char*>(by ? by : unknown));
}

bool keep_user_data(PyObject* result, const char* by, PyObject* const* given,
                    Py_ssize_t count) noexcept {
    GObject* const on = result_in(result);
    if (!on)
        return true;
    // A callback may be one of several that are given the result in turn.
    if (by || !g_object_get_qdata(on, begun))
        g_object_set_qdata(on, begun, const_cast<char*>(by ? by : unknown));
    if (count == 0)
        return true;
    auto value = object::retain(given[0]);
    if (count > 1) {
        value = object::adopt(PyTuple_New(count));
        for (Py_ssize_t index = 0; value && index < count; ++index)
            PyTuple_SET_ITEM(value.get(), index, Py_NewRef(given[index]));
    }
    return value && keep_with(result, attribute, value.get());
}

const char* begun_by(PyObject* result) noexcept {
    GObject* const on = result_in(result);
    auto* const name = static_cast<const char*>(on ? g_object_get_qdata(on, begun) : nullptr);
    return name == unknown ? nullptr : name;
}

object kept_user_data(PyObject* result) noexcept {
    GObject* const on = result_in(result);
    if (!on || !g_object_get_qdata(on, begun))
        return {};
    auto kept = object::adopt(PyObject_GenericGetAttr(result, attribute));
    if (kept || !PyErr_ExceptionMatches(PyExc_AttributeError))
        return kept;
    PyErr_Clear();
    return object::retain(Py_None);
}

bool keep_with(PyObject* gobject, PyObject* name, PyObject* value) noexcept {
    return PyGObject_Type.tp_setattro(gobject, name, value) == 0;
}

bool prepare_user_data() noexcept {
    begun = g_quark_from_static_string("gawait-begun-by-python");
    attribute = PyUnicode_InternFromString("_gawait_user_data");
    return attribute;
}

} // namespace gawait::python
