#include "transports/overriding.hpp"

namespace gawait::python {

bool override_methods(PyTypeObject* type, PyMethodDef* methods) noexcept {
    for (PyMethodDef* each = methods; each->ml_name; ++each) {
        const auto descriptor = object::adopt(PyDescr_NewMethod(type, each));
        if (!descriptor || PyObject_SetAttrString(reinterpret_cast<PyObject*>(type), each->ml_name,
                                                  descriptor.get()) < 0)
            return false;
    }
    return true;
}

PyObject* call_overridden(PyTypeObject* type, PyObject* self, const char* method,
                          PyObject* const* arguments, Py_ssize_t count, PyObject* names) noexcept {
    const auto next = object::adopt(
        PyObject_CallFunctionObjArgs(reinterpret_cast<PyObject*>(&PySuper_Type),
                                     reinterpret_cast<PyObject*>(type), self, nullptr));
    const auto overridden =
        object::adopt(next ? PyObject_GetAttrString(next.get(), method) : nullptr);
    if (!overridden)
        return nullptr;
    return unless_exiting([&] {
        return PyObject_Vectorcall(overridden.get(), arguments, static_cast<std::size_t>(count),
                                   names);
    });
}

} // namespace gawait::python
