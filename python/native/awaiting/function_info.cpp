#include "awaiting/function_info.hpp"

#include "awaiting/calling.hpp"
#include "awaiting/deciding.hpp"
#include "awaiting/function_types.hpp"
#include "awaiting/original_function.hpp"
#include "awaiting/starting.hpp"
#include "current_context.hpp"

namespace gawait::python {
namespace {

// PyGObject calls its functions through objects of `gi.FunctionInfo`. What such an object is
// turns out when it is first used, and it is then of a type of its own. Only while that is
// unknown is an object called through a slot of ours in the original type.
//
// Virtual functions (`gi.VFuncInfo`) are left alone: PyGObject crashes when one is called with
// a callback.

bool take_over(PyTypeObject* type) noexcept {
    original = {
        .type = type,
        .call = type->tp_call,
        .bind = type->tp_descr_get,
        .vectorcall_offset = type->tp_vectorcall_offset,
        .has_vectorcall = bool(type->tp_flags & Py_TPFLAGS_HAVE_VECTORCALL),
        .vectorcall = nullptr,
    };
    if (!make_function_types())
        return false;
    if (original.has_vectorcall)
        type->tp_flags &= ~Py_TPFLAGS_HAVE_VECTORCALL;
    else
        type->tp_descr_get = bind_undecided;
    type->tp_call = call_undecided;
    PyType_Modified(type);
    return true;
}

PyObject* await_functions(PyObject*, PyObject* given) {
    PyObject *function_info = nullptr, *describe_function = nullptr, *plan_of = nullptr,
             *of_class_function = nullptr, *explain_function = nullptr, *off_loop = nullptr;
    if (!PyArg_ParseTuple(given, "O!OOOOO", &PyType_Type, &function_info, &describe_function,
                          &plan_of, &of_class_function, &explain_function, &off_loop))
        return nullptr;
    if (original.type) {
        PyErr_SetString(PyExc_RuntimeError, "await_functions() was called twice");
        return nullptr;
    }
    prepare_deciding(describe_function, of_class_function);
    prepare_plans(plan_of);
    prepare_starting(explain_function);
    returned_off_loop(off_loop);
    if (!take_over(reinterpret_cast<PyTypeObject*>(function_info)))
        return nullptr;
    Py_RETURN_NONE;
}

/// Starts an awaitable function, with the finish function that is given if one is. Returns
/// NotImplemented if it is something else.
PyObject* start_function(PyObject*, PyObject* parameters) {
    PyObject *loop = nullptr, *info = nullptr, *finish = nullptr, *cancellable = nullptr,
             *positional = nullptr, *named = nullptr, *self = nullptr;
    if (!PyArg_ParseTuple(parameters, "OOOOO!O!", &loop, &info, &finish, &cancellable,
                          &PyTuple_Type, &positional, &PyDict_Type, &named))
        return nullptr;
    if (PyMethod_Check(info)) {
        self = PyMethod_GET_SELF(info);
        info = PyMethod_GET_FUNCTION(info);
    }
    decide_called(info);
    const awaitable_part* const part = awaitables::find(info);
    if (!part || !part->function->finish)
        Py_RETURN_NOTIMPLEMENTED;
    const async_function& function = *part->function;
    const tuple_arguments given(self, positional, named);
    if (PyErr_Occurred())
        return nullptr;
    if (part->include_callback(given.get().count)) {
        if (function.refusal)
            PyErr_SetObject(PyExc_TypeError, function.refusal.get());
        else
            PyErr_Format(PyExc_TypeError,
                         "%U() was given more arguments than come before its callback",
                         function.name.get());
        return nullptr;
    }
    const object values = function.complete(given.get(), part->skipped());
    if (!values && !PyErr_Occurred())
        function.refuse_name(given.get());
    if (!values || !check_context(loop))
        return nullptr;
    if (cancellable != Py_None) {
        PyObject** place = cancellable_in(*part, values);
        if (!place || *place != Py_None) {
            PyErr_Format(PyExc_TypeError,
                         place ? "%U() got multiple values for argument 'cancellable'"
                               : "%U() takes no cancellable",
                         function.name.get());
            return nullptr;
        }
        Py_SETREF(*place, Py_NewRef(cancellable));
    }
    finish_function with = finish_of(info, *part, values);
    if (finish != Py_None) {
        PyObject* finishing = nullptr;
        int form = 0;
        if (!PyArg_ParseTuple(finish, "Oi", &finishing, &form))
            return nullptr;
        // Its own finish function is known already, with its call plan.
        if (finishing != with.function.get())
            with = {object::retain(finishing),
                    static_cast<finish_form>(form),
                    with.source,
                    with.of,
                    {}};
    }
    return start(info, *part, loop, values, std::move(with)).release();
}

PyMethodDef functions[] = {
    {"start_function", start_function, METH_VARARGS, nullptr},
    {"await_functions", await_functions, METH_VARARGS, nullptr},
    {},
};

} // namespace

bool add_function_info(PyObject* module) noexcept {
    return prepare_calling() && PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
