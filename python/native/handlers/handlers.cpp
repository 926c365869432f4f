#include "handlers/handlers.hpp"

#include "handlers/coroutine_function.hpp"
#include "pygobject.hpp"

#include <array>

namespace gawait::python {
namespace {

PyObject* wrap_signal_handler;
PyObject* wrap_callback;

// PyGObject's methods, which take their arguments in a tuple: it is passed on as it is, so that a
// handler that is no coroutine function costs what it always did.
constexpr std::array names = {"connect", "connect_after", "connect_object", "connect_object_after"};
std::array<PyCFunction, names.size()> originals;

/// The arguments of a call of a method, with a handler in the place of the coroutine function.
object with_handler(PyObject* emitter, PyObject* given) noexcept {
    PyObject* const name = PyTuple_GET_ITEM(given, 0);
    PyObject* const function = PyTuple_GET_ITEM(given, 1);
    auto handler = object::adopt(
        PyObject_CallFunctionObjArgs(wrap_signal_handler, emitter, name, function, nullptr));
    auto passed = handler ? object::adopt(PyTuple_New(PyTuple_GET_SIZE(given))) : object();
    if (!passed)
        return {};
    PyTuple_SET_ITEM(passed.get(), 0, Py_NewRef(name));
    PyTuple_SET_ITEM(passed.get(), 1, handler.release());
    for (Py_ssize_t index = 2; index < PyTuple_GET_SIZE(given); ++index)
        PyTuple_SET_ITEM(passed.get(), index, Py_NewRef(PyTuple_GET_ITEM(given, index)));
    return passed;
}

template <std::size_t Index> PyObject* connect(PyObject* emitter, PyObject* given) {
    if (PyTuple_GET_SIZE(given) < 2 || !is_handled(PyTuple_GET_ITEM(given, 1)))
        return originals[Index](emitter, given);
    const object passed = with_handler(emitter, given);
    return passed ? originals[Index](emitter, passed.get()) : nullptr;
}

std::array<PyMethodDef, names.size()> methods = {{
    {names[0], connect<0>, METH_VARARGS, nullptr},
    {names[1], connect<1>, METH_VARARGS, nullptr},
    {names[2], connect<2>, METH_VARARGS, nullptr},
    {names[3], connect<3>, METH_VARARGS, nullptr},
}};

PyObject* handle_coroutines(PyObject*, PyObject* given) {
    PyObject *class_ = nullptr, *signal_handler = nullptr, *callback = nullptr;
    if (!PyArg_ParseTuple(given, "O!OO", &PyType_Type, &class_, &signal_handler, &callback))
        return nullptr;
    if (wrap_callback) {
        PyErr_SetString(PyExc_RuntimeError, "handle_coroutines() was called twice");
        return nullptr;
    }
    wrap_signal_handler = Py_NewRef(signal_handler);
    wrap_callback = Py_NewRef(callback);
    for (std::size_t index = 0; index < names.size(); ++index) {
        const auto original = object::adopt(PyObject_GetAttrString(class_, names[index]));
        if (!original)
            return nullptr;
        // One that somebody else has replaced is left alone.
        if (!Py_IS_TYPE(original.get(), &PyMethodDescr_Type))
            continue;
        const auto* descriptor = reinterpret_cast<PyMethodDescrObject*>(original.get());
        if (descriptor->d_method->ml_flags != METH_VARARGS)
            continue;
        originals[index] = descriptor->d_method->ml_meth;
        const auto ours =
            object::adopt(PyDescr_NewMethod(descriptor->d_common.d_type, &methods[index]));
        if (!ours || PyObject_SetAttrString(class_, names[index], ours.get()) < 0)
            return nullptr;
    }
    Py_RETURN_NONE;
}

PyObject* is_coroutine_function_of(PyObject*, PyObject* callable) {
    return PyBool_FromLong(is_coroutine_function(callable));
}

PyObject* is_async_generator_function_of(PyObject*, PyObject* callable) {
    return PyBool_FromLong(is_async_generator_function(callable));
}

PyObject* is_handled_of(PyObject*, PyObject* callable) {
    return PyBool_FromLong(is_handled(callable));
}

PyMethodDef functions[] = {
    {"is_coroutine_function", is_coroutine_function_of, METH_O, nullptr},
    {"is_async_generator_function", is_async_generator_function_of, METH_O, nullptr},
    {"is_handled", is_handled_of, METH_O, nullptr},
    {"handle_coroutines", handle_coroutines, METH_VARARGS, nullptr},
    {},
};

} // namespace

object callback_handler(PyObject* coroutine_function, PyObject* to) noexcept {
    return object::adopt(
        PyObject_CallFunctionObjArgs(wrap_callback, coroutine_function, to, nullptr));
}

bool add_handlers(PyObject* module) noexcept {
    return prepare_coroutine_function() && PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
