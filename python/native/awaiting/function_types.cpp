#include "awaiting/function_types.hpp"

#include "awaiting/calling.hpp"
#include "awaiting/original_function.hpp"

namespace gawait::python {
namespace {

PyTypeObject* plain;
PyTypeObject* awaitable;
PyTypeObject* awaitable_method; // up to PyGObject 3.50

void become(PyObject* info, PyTypeObject* type) noexcept {
    Py_INCREF(type); // the original type is static, its instances do not refer to it
    Py_SET_TYPE(info, type);
}

// The copies that PyGObject makes are of the original type.

PyObject* bind_plain(PyObject* info, PyObject* instance, PyObject* type) {
    PyObject* bound = original.bind(info, instance, type);
    if (bound && Py_TYPE(bound) == original.type)
        become(bound, plain);
    return bound;
}

PyObject* bind_awaitable(PyObject* info, PyObject* instance, PyObject* type) {
    PyObject* bound = original.bind(info, instance, type);
    if (bound && Py_TYPE(bound) == original.type)
        become_awaitable(bound,
                         {awaitables::find(info)->function,
                          object::retain(instance ? instance : type)}, // constructors
                         false);
    return bound;
}

void deallocate(PyObject* info) {
    PyTypeObject* type = Py_TYPE(info);
    if (type == awaitable || type == awaitable_method)
        awaitables::forget(info);
    original.type->tp_dealloc(info);
    Py_DECREF(type);
}

/// A subtype whose objects may be made of those of the original type.
PyTypeObject* make_subtype() noexcept {
    PyType_Slot slots[] = {{Py_tp_dealloc, slot(deallocate)}, {}};
    PyType_Spec specification = {
        .name = original.type->tp_name,
        .basicsize = 0,
        .itemsize = 0,
        .flags = Py_TPFLAGS_DEFAULT,
        .slots = slots,
    };
    auto* type = reinterpret_cast<PyTypeObject*>(
        PyType_FromSpecWithBases(&specification, reinterpret_cast<PyObject*>(original.type)));
    if (!type)
        return nullptr;
    type->tp_call = original.type->tp_call;
    type->tp_descr_get = original.type->tp_descr_get;
    type->tp_vectorcall_offset = original.type->tp_vectorcall_offset;
    type->tp_flags |=
        original.type->tp_flags & (Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR);
    return type;
}

} // namespace

bool make_function_types() noexcept {
    plain = make_subtype();
    awaitable = plain ? make_subtype() : nullptr;
    awaitable_method = awaitable ? make_subtype() : nullptr;
    if (!awaitable_method)
        return false;
    if (!original.has_vectorcall) {
        plain->tp_descr_get = bind_plain;
        for (PyTypeObject* type : {awaitable, awaitable_method}) {
            type->tp_descr_get = bind_awaitable;
            type->tp_call = tuple_call_awaitable;
        }
        // A call of such a method makes no bound copy, but passes the instance.
        awaitable_method->tp_flags |= Py_TPFLAGS_METHOD_DESCRIPTOR;
    }
    for (PyTypeObject* type : {plain, awaitable, awaitable_method})
        PyType_Modified(type);
    return true;
}

void become_plain(PyObject* info) noexcept { become(info, plain); }

void become_awaitable(PyObject* info, awaitable_part part, bool is_method) noexcept {
    awaitables::insert(info, std::move(part));
    become(info, is_method ? awaitable_method : awaitable);
    if (original.has_vectorcall) {
        original.vectorcall = original.vectorcall_of(info);
        original.vectorcall_of(info) = vectorcall_awaitable;
    }
}

} // namespace gawait::python
