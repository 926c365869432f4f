#include "awaiting/arguments.hpp"

namespace gawait::python {

PyObject* arguments::find(PyObject* name) const noexcept {
    for (Py_ssize_t index = 0; index < named(); ++index) {
        PyObject* given = PyTuple_GET_ITEM(names, index);
        if (given == name || PyUnicode_Compare(given, name) == 0)
            return values[count + index];
    }
    return nullptr;
}

tuple_arguments::tuple_arguments(PyObject* first, PyObject* positional, PyObject* named) noexcept
    : count_(PyTuple_GET_SIZE(positional) + (first ? 1 : 0)) {
    const bool has_names = named && PyDict_GET_SIZE(named) > 0;
    if (!first && !has_names) {
        values_ = object::retain(positional);
        return;
    }
    if (has_names)
        names_ = object::adopt(PySequence_Tuple(named));
    values_ = object::adopt(PyTuple_New(count_ + (has_names ? PyDict_GET_SIZE(named) : 0)));
    if (!values_ || (has_names && !names_))
        return;
    Py_ssize_t next = 0;
    const auto add = [&](PyObject* value) {
        PyTuple_SET_ITEM(values_.get(), next++, Py_NewRef(value));
    };
    if (first)
        add(first);
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(positional); ++index)
        add(PyTuple_GET_ITEM(positional, index));
    for (Py_ssize_t index = 0; has_names && index < PyTuple_GET_SIZE(names_.get()); ++index)
        add(PyDict_GetItem(named, PyTuple_GET_ITEM(names_.get(), index)));
}

} // namespace gawait::python
