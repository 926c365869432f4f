#include "transports/parties.hpp"

namespace gawait::python {

bool report(const parties& concerned, const char* message) {
    return !is_interrupt(PyErr_Occurred()) && report(concerned, message, take_exception().get());
}

bool report(const parties& concerned, const char* message, PyObject* exception) {
    const auto context = object::adopt(
        Py_BuildValue("{sssOsOsO}", "message", message, "exception", exception, "transport",
                      concerned.transport.get(), "protocol", concerned.protocol.get()));
    return context && object::adopt(PyObject_CallMethod(
                          concerned.loop.get(), "call_exception_handler", "O", context.get()));
}

} // namespace gawait::python
