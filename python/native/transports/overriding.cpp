#include "transports/overriding.hpp"

namespace gawait::python {

PyObject* overriding::decorate(PyObject* decorated) noexcept {
    type = reinterpret_cast<PyTypeObject*>(Py_NewRef(decorated));
    for (PyMethodDef* each = methods; each->ml_name; ++each) {
        const auto made = object::adopt(PyDescr_NewMethod(type, each));
        if (!made || PyObject_SetAttrString(decorated, each->ml_name, made.get()) < 0)
            return nullptr;
    }
    return Py_NewRef(decorated);
}

PyObject* overriding::call_overridden(PyObject* self, const char* method,
                                      PyObject* const* arguments, Py_ssize_t count,
                                      PyObject* names) const noexcept {
    const auto next = object::adopt(
        PyObject_CallFunctionObjArgs(reinterpret_cast<PyObject*>(&PySuper_Type),
                                     reinterpret_cast<PyObject*>(type), self, nullptr));
    const auto found = object::adopt(next ? PyObject_GetAttrString(next.get(), method) : nullptr);
    return found ? unless_exiting([&] {
        return PyObject_Vectorcall(found.get(), arguments, static_cast<std::size_t>(count), names);
    })
                 : nullptr;
}

} // namespace gawait::python
