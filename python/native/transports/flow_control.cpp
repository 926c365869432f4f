#include "transports/flow_control.hpp"

#include <optional>

namespace gawait::python {
namespace {

/// A limit, or none for null and None; one that does not fit is the largest. False with an
/// exception set for what is no integer.
bool parse(PyObject* given, std::optional<Py_ssize_t>& limit) {
    if (!given || given == Py_None)
        return true;
    limit = PyNumber_AsSsize_t(given, nullptr);
    return *limit != -1 || !PyErr_Occurred();
}

/// Calls a method of the protocol without arguments, and reports what it raises.
bool tell(const parties& concerned, const char* method, const char* failure) {
    const auto told = object::adopt(PyObject_CallMethod(concerned.protocol.get(), method, nullptr));
    return told || report(concerned, failure);
}

} // namespace

bool flow_control::set_limits(PyObject* high_given, PyObject* low_given) {
    std::optional<Py_ssize_t> high, low;
    if (!parse(high_given, high) || !parse(low_given, low))
        return false;
    if (!high)
        high = !low ? Py_ssize_t{64} * 1024 : *low > PY_SSIZE_T_MAX / 4 ? PY_SSIZE_T_MAX : 4 * *low;
    if (!low)
        low = *high / 4;
    if (*high < *low || *low < 0) {
        PyErr_Format(PyExc_ValueError, "high (%zd) must be >= low (%zd) must be >= 0", *high, *low);
        return false;
    }
    high_ = *high;
    low_ = *low;
    return true;
}

bool flow_control::pause(const parties& concerned) {
    paused_ = true;
    return tell(concerned, "pause_writing", "protocol.pause_writing() failed");
}

bool flow_control::resume(const parties& concerned) {
    paused_ = false;
    return tell(concerned, "resume_writing", "protocol.resume_writing() failed");
}

} // namespace gawait::python
