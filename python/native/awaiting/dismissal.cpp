#include "awaiting/dismissal.hpp"

namespace gawait::python {
namespace {

PyTypeObject* glib_error;
PyObject* dismissed; // a subclass of it

PyObject* set_class(PyObject*, PyObject* given) {
    Py_XSETREF(dismissed, Py_NewRef(given));
    Py_RETURN_NONE;
}

/// The values of GTK 4.10 and newer, which need not be there.
bool is_dismissal(PyObject* error) noexcept {
    constexpr const char* domain = "gtk-dialog-error-quark";
    constexpr long code = 2; // GTK_DIALOG_ERROR_DISMISSED
    const auto its_domain = object::adopt(PyObject_GetAttrString(error, "domain"));
    const auto its_code =
        its_domain ? object::adopt(PyObject_GetAttrString(error, "code")) : object();
    return its_code && PyUnicode_Check(its_domain.get()) && PyLong_Check(its_code.get()) &&
           PyUnicode_CompareWithASCIIString(its_domain.get(), domain) == 0 &&
           PyLong_AsLong(its_code.get()) == code;
}

PyMethodDef functions[] = {
    {"name_dismissal", set_class, METH_O, nullptr},
    {},
};

} // namespace

void name_dismissal(PyObject* failure) noexcept {
    if (!Py_IS_TYPE(failure, glib_error) || !dismissed)
        return;
    if (is_dismissal(failure))
        PyObject_SetAttrString(failure, "__class__", dismissed);
    PyErr_Clear();
}

bool add_dismissal(PyObject* module) noexcept {
    glib_error = import_type("gi.repository.GLib", "Error");
    return glib_error && PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
