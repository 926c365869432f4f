#include "awaiting/async_function.hpp"

#include <glib.h>

namespace gawait::python {
namespace {

PyObject* plan_of;

object user_data(PyObject* given) noexcept {
    if (given == Py_None)
        return object::adopt(PyTuple_New(0));
    return PyTuple_Check(given) ? object::retain(given) : object::adopt(PyTuple_Pack(1, given));
}

} // namespace

std::shared_ptr<const async_function> async_function::of(PyObject* description) {
    if (PyUnicode_Check(description)) {
        const auto none = object::adopt(PyTuple_New(0));
        return std::make_shared<const async_function>(async_function{{},
                                                                     nullptr,
                                                                     none,
                                                                     none,
                                                                     -1,
                                                                     {},
                                                                     finish_form::result,
                                                                     none,
                                                                     object::retain(description),
                                                                     {}});
    }
    PyObject *name = nullptr, *names = nullptr, *defaults = nullptr, *finish = nullptr;
    if (PyObject* handlers = nullptr;
        PyTuple_Check(description) && PyTuple_GET_SIZE(description) == 3) {
        if (!PyArg_ParseTuple(description, "UO!O!", &name, &PyTuple_Type, &names, &PyTuple_Type,
                              &handlers))
            return nullptr;
        async_function calling_back{};
        calling_back.name = object::retain(name);
        calling_back.names = object::retain(names);
        calling_back.handlers = object::retain(handlers);
        return std::make_shared<const async_function>(std::move(calling_back));
    }
    Py_ssize_t cancellable = 0;
    PyObject *kept = nullptr, *refusal = nullptr;
    int form = 0;
    if (!PyArg_ParseTuple(description, "UO!O!nOiO!O", &name, &PyTuple_Type, &names, &PyTuple_Type,
                          &defaults, &cancellable, &finish, &form, &PyTuple_Type, &kept, &refusal))
        return nullptr;
    const char* interned = PyUnicode_AsUTF8(name);
    if (!interned)
        return nullptr;
    return std::make_shared<const async_function>(
        async_function{object::retain(name),
                       g_intern_string(interned),
                       object::retain(names),
                       object::retain(defaults),
                       cancellable,
                       finish == Py_None ? object() : object::retain(finish),
                       static_cast<finish_form>(form),
                       object::retain(kept),
                       refusal == Py_None ? object() : object::retain(refusal),
                       {}});
}

const std::shared_ptr<const call_plan>& async_function::plan(PyObject* info) const noexcept {
    if (!is_planned_) {
        is_planned_ = true;
        const auto described = object::adopt(PyObject_CallOneArg(plan_of, info));
        if (described)
            plan_ = call_plan::of(described.get());
        else
            PyErr_WriteUnraisable(info);
    }
    return plan_;
}

object async_function::complete(const arguments& given, Py_ssize_t skipped) const noexcept {
    for (Py_ssize_t index = 0; index < given.named(); ++index)
        if (const int known =
                PySequence_Contains(names.get(), PyTuple_GET_ITEM(given.names, index));
            known != 1)
            return {};
    const Py_ssize_t wanted = count() - skipped;
    auto values = object::adopt(PyTuple_New(wanted + 1));
    if (!values)
        return {};
    for (Py_ssize_t index = 0; index < wanted; ++index) {
        PyObject* parameter = PyTuple_GET_ITEM(names.get(), index + skipped);
        PyObject* fallback = PyTuple_GET_ITEM(defaults.get(), index + skipped);
        PyObject* value = given.named() > 0 ? given.find(parameter) : nullptr;
        if (index < given.count) {
            if (value) {
                PyErr_Format(PyExc_TypeError, "%U() got multiple values for argument '%U'",
                             name.get(), parameter);
                return {};
            }
            value = given.values[index];
        } else if (!value) {
            value = fallback;
            if (value == Py_Ellipsis) {
                PyErr_Format(PyExc_TypeError, "%U() missing a required argument: '%U'", name.get(),
                             parameter);
                return {};
            }
        }
        auto passed = PyTuple_Check(fallback) ? user_data(value) : object::retain(value);
        if (!passed)
            return {};
        PyTuple_SET_ITEM(values.get(), index, passed.release());
    }
    return values;
}

void async_function::refuse_name(const arguments& given) const noexcept {
    for (Py_ssize_t index = 0; index < given.named(); ++index) {
        PyObject* const unknown = PyTuple_GET_ITEM(given.names, index);
        const int known = PySequence_Contains(names.get(), unknown);
        if (known == 0)
            PyErr_Format(PyExc_TypeError,
                         "%U() got an unexpected keyword argument '%U'; it takes %R", name.get(),
                         unknown, names.get());
        if (known != 1)
            return;
    }
}

void prepare_plans(PyObject* function) noexcept { plan_of = Py_NewRef(function); }

} // namespace gawait::python
