#include "awaiting/original_function.hpp"

namespace gawait::python {

original_function original;

object call_original(PyObject* info, const arguments& given) noexcept {
    const auto count = static_cast<std::size_t>(given.count);
    if (original.has_vectorcall)
        return object::adopt(unless_exiting(
            [&] { return original.vectorcall(info, given.values, count, given.names); }));
    const auto positional = object::adopt(PyTuple_New(given.count));
    if (!positional)
        return {};
    for (Py_ssize_t index = 0; index < given.count; ++index)
        PyTuple_SET_ITEM(positional.get(), index, Py_NewRef(given.values[index]));
    object named;
    if (given.named() > 0) {
        named = object::adopt(PyDict_New());
        for (Py_ssize_t index = 0; named && index < given.named(); ++index)
            if (PyDict_SetItem(named.get(), PyTuple_GET_ITEM(given.names, index),
                               given.values[given.count + index]) < 0)
                named = {};
        if (!named)
            return {};
    }
    return object::adopt(
        unless_exiting([&] { return original.call(info, positional.get(), named.get()); }));
}

} // namespace gawait::python
