#include "awaiting/function_info.hpp"

#include "awaiting/operation.hpp"
#include "current_context.hpp"

#include <memory>
#include <unordered_map>

namespace gawait::python {
namespace {

// PyGObject calls its functions through objects of `gi.FunctionInfo`. What such an object is
// turns out when it is first used, and it then becomes an instance of one of two subtypes:
// `plain`, which has all the slots of the original type, and so costs what it always did; or
// `awaitable`. Only while that is unknown is an object called through a slot of ours in the
// original type.
//
// Before PyGObject 3.52, an access through an instance makes a bound copy of the object, which
// does not tell what it was made of; the slot `tp_descr_get` marks it. Since then, objects
// have a vectorcall function each.
//
// Virtual functions (`gi.VFuncInfo`) are left alone: PyGObject crashes when one is called with
// a callback.

/// An asynchronous function.
struct async_function {
    object name;
    object names;    // tuple: of the arguments before the callback
    object defaults; // tuple; `...`: none
    Py_ssize_t cancellable;
    object finish;
    finish_form form;

    Py_ssize_t count() const noexcept { return PyTuple_GET_SIZE(names.get()); }
};

/// What an awaitable object is: a function, and what it was bound to, if that is in the object
/// and does not come as the first argument.
struct awaitable_part {
    std::shared_ptr<const async_function> function;
    object bound;
};

// `gi.FunctionInfo`, and what was made of it.
PyTypeObject* original;
PyTypeObject* plain;
PyTypeObject* awaitable;
ternaryfunc original_call;
descrgetfunc original_bind;
vectorcallfunc original_vectorcall; // null until an object was seen that has one

PyTypeObject* loop_type;
PyObject* get_running_loop;
PyObject* describe;
PyObject* of_class;
PyObject* explain;

/// Of all objects that are awaitable. Never destroyed: it would outlive the interpreter.
std::unordered_map<PyObject*, awaitable_part>& awaitables() {
    static auto& all = *std::make_unique<std::unordered_map<PyObject*, awaitable_part>>().release();
    return all;
}

bool has_vectorcall() noexcept { return plain->tp_flags & Py_TPFLAGS_HAVE_VECTORCALL; }

vectorcallfunc& vectorcall_of(PyObject* info) noexcept {
    return *reinterpret_cast<vectorcallfunc*>(reinterpret_cast<char*>(info) +
                                              plain->tp_vectorcall_offset);
}

void become(PyObject* info, PyTypeObject* type) noexcept {
    Py_INCREF(type); // the original type is static, its instances do not refer to it
    Py_SET_TYPE(info, type);
}

// Calling ------------------------------------------------------------------------

/// The arguments of a call, as vectorcall has them.
struct arguments {
    PyObject* const* values;
    Py_ssize_t count;
    PyObject* names; // may be null

    Py_ssize_t named() const noexcept { return names ? PyTuple_GET_SIZE(names) : 0; }

    /// Borrowed, or null.
    PyObject* find(PyObject* name) const noexcept {
        for (Py_ssize_t index = 0; index < named(); ++index) {
            PyObject* given = PyTuple_GET_ITEM(names, index);
            if (given == name || PyUnicode_Compare(given, name) == 0)
                return values[count + index];
        }
        return nullptr;
    }
};

/// Calls it as if we were not there.
object call_original(PyObject* info, const arguments& given) noexcept {
    const auto count = static_cast<std::size_t>(given.count);
    if (has_vectorcall())
        return object::adopt(unless_exiting(
            [&] { return original_vectorcall(info, given.values, count, given.names); }));
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
        unless_exiting([&] { return original_call(info, positional.get(), named.get()); }));
}

/// The arguments up to the cancellable, with the defaults of those that were left out, and room
/// for the callback. Null without an exception: what was given is not for us.
object complete(const async_function& function, bool bound, const arguments& given) noexcept {
    for (Py_ssize_t index = 0; index < given.named(); ++index)
        if (const int known =
                PySequence_Contains(function.names.get(), PyTuple_GET_ITEM(given.names, index));
            known != 1)
            return {};
    const Py_ssize_t skipped = bound ? 1 : 0;
    const Py_ssize_t count = function.count() - skipped;
    auto values = object::adopt(PyTuple_New(count + 1));
    if (!values)
        return {};
    for (Py_ssize_t index = 0; index < count; ++index) {
        PyObject* name = PyTuple_GET_ITEM(function.names.get(), index + skipped);
        PyObject* value = given.named() > 0 ? given.find(name) : nullptr;
        if (index < given.count) {
            if (value) {
                PyErr_Format(PyExc_TypeError, "%U() got multiple values for argument '%U'",
                             function.name.get(), name);
                return {};
            }
            value = given.values[index];
        } else if (!value) {
            value = PyTuple_GET_ITEM(function.defaults.get(), index + skipped);
            if (value == Py_Ellipsis) {
                PyErr_Format(PyExc_TypeError, "%U() missing a required argument: '%U'",
                             function.name.get(), name);
                return {};
            }
        }
        PyTuple_SET_ITEM(values.get(), index, Py_NewRef(value));
    }
    return values;
}

/// Raises what is set as the caller should see it: it names the argument, and its traceback
/// begins in the caller.
void raise_start_failure(PyObject* info, PyObject* values) noexcept {
    object failure = take_exception();
    const object told =
        object::adopt(PyObject_CallFunctionObjArgs(explain, info, values, failure.get(), nullptr));
    if (told)
        failure = told;
    else
        PyErr_WriteUnraisable(info);
    PyException_SetTraceback(failure.get(), Py_None);
    raise(failure);
}

/// Where the cancellable is among the values, or null.
PyObject** cancellable_in(const awaitable_part& part, const object& values) noexcept {
    const Py_ssize_t index = part.function->cancellable - (part.bound ? 1 : 0);
    return part.function->cancellable < 0 ? nullptr : &PyTuple_GET_ITEM(values.get(), index);
}

finish_function finish_of(const awaitable_part& part, const object& values) noexcept {
    const async_function& function = *part.function;
    finish_function finish{function.finish, function.form, {}};
    if (function.form == finish_form::source_and_result)
        finish.source = part.bound ? part.bound : object::retain(PyTuple_GET_ITEM(values.get(), 0));
    return finish;
}

object start(PyObject* info, const awaitable_part& part, PyObject* loop, const object& values,
             finish_function finish) noexcept {
    PyObject** items = &PyTuple_GET_ITEM(values.get(), 0);
    const Py_ssize_t count = PyTuple_GET_SIZE(values.get());
    PyObject** cancellable = cancellable_in(part, values);
    object operation = new_operation(loop, object::retain(cancellable ? *cancellable : Py_None),
                                     std::move(finish));
    if (!operation)
        return {};
    if (cancellable)
        Py_SETREF(*cancellable, Py_NewRef(cancellable_of(operation.get())));
    items[count - 1] = ready_callback(operation.get()).release();
    if (!items[count - 1])
        return {};
    if (!call_original(info, {items, count, nullptr})) [[unlikely]] {
        raise_start_failure(info, values.get());
        return {};
    }
    return operation;
}

/// A gawait loop that runs in this thread.
object running_loop() noexcept {
    auto loop = object::adopt(PyObject_CallNoArgs(get_running_loop));
    if (!loop)
        PyErr_Clear();
    return loop && PyObject_TypeCheck(loop.get(), loop_type) ? loop : object();
}

/// Of a call without a gawait loop that PyGObject has refused: if that was because something was
/// left out that gawait has defaults for, says what is wrong with the loop.
void explain_missing_loop(const awaitable_part& part, const arguments& given) noexcept {
    const Py_ssize_t bound = part.bound ? 1 : 0;
    if (!PyErr_ExceptionMatches(PyExc_TypeError) ||
        bound + given.count + given.named() >= part.function->count())
        return;
    object refusal = take_exception();
    if (complete(*part.function, bound, given)) {
        const auto loop = object::adopt(PyObject_CallNoArgs(get_running_loop));
        if (loop.get() == Py_None)
            PyErr_SetString(PyExc_RuntimeError, "no running event loop");
        else if (loop)
            check_context(loop.get());
    }
    if (!PyErr_Occurred() || !PyErr_ExceptionMatches(PyExc_RuntimeError))
        raise(std::move(refusal));
}

/// Whether so many positional arguments include the callback.
bool includes_callback(const awaitable_part& part, Py_ssize_t count) noexcept {
    return count + (part.bound ? 1 : 0) > part.function->count();
}

object call_awaitable(PyObject* info, const arguments& given) noexcept {
    const auto found = awaitables().find(info);
    if (found == awaitables().end() || includes_callback(found->second, given.count))
        return call_original(info, given);
    const awaitable_part part = found->second;
    const object loop = running_loop();
    if (!loop) {
        object result = call_original(info, given);
        if (!result)
            explain_missing_loop(part, given);
        return result;
    }
    const object values = complete(*part.function, bool(part.bound), given);
    if (!values)
        return PyErr_Occurred() ? object() : call_original(info, given);
    if (!check_context(loop.get()))
        return {};
    return start(info, part, loop.get(), values, finish_of(part, values));
}

PyObject* vectorcall_awaitable(PyObject* info, PyObject* const* values, std::size_t count,
                               PyObject* names) {
    return call_awaitable(info, {values, PyVectorcall_NARGS(count), names}).release();
}

/// The arguments of a call through a tuple and a dictionary; keeps them.
class tuple_arguments {
public:
    /// With `first`, unless it is null, before them. Valid unless an exception is set.
    tuple_arguments(PyObject* first, PyObject* positional, PyObject* named) noexcept
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

    arguments get() const noexcept {
        return {&PyTuple_GET_ITEM(values_.get(), 0), count_, names_.get()};
    }

private:
    object values_;
    object names_;
    Py_ssize_t count_;
};

PyObject* tuple_call_awaitable(PyObject* info, PyObject* positional, PyObject* named) {
    const auto found = awaitables().find(info);
    if (found == awaitables().end() ||
        includes_callback(found->second, PyTuple_GET_SIZE(positional)))
        return original_call(info, positional, named);
    const tuple_arguments given(nullptr, positional, named);
    if (PyErr_Occurred())
        return nullptr;
    return call_awaitable(info, given.get()).release();
}

// Deciding -----------------------------------------------------------------------

std::shared_ptr<const async_function> function_of(PyObject* description) {
    PyObject *name = nullptr, *names = nullptr, *defaults = nullptr, *finish = nullptr;
    Py_ssize_t cancellable = 0;
    int form = 0;
    if (!PyArg_ParseTuple(description, "UO!O!nOi", &name, &PyTuple_Type, &names, &PyTuple_Type,
                          &defaults, &cancellable, &finish, &form))
        return nullptr;
    return std::make_shared<const async_function>(
        async_function{object::retain(name), object::retain(names), object::retain(defaults),
                       cancellable, object::retain(finish), static_cast<finish_form>(form)});
}

void make_awaitable(PyObject* info, awaitable_part part) {
    awaitables().insert_or_assign(info, std::move(part));
    become(info, awaitable);
    if (has_vectorcall()) {
        original_vectorcall = vectorcall_of(info);
        vectorcall_of(info) = vectorcall_awaitable;
    }
}

/// Finds out what an object of the original type is, and makes it that.
void decide(PyObject* info) noexcept {
    const auto description = object::adopt(PyObject_CallOneArg(describe, info));
    if (Py_TYPE(info) != original)
        return; // by a call within that
    if (description && description.get() != Py_None)
        if (auto function = function_of(description.get()))
            return make_awaitable(info, {std::move(function), {}});
    if (PyErr_Occurred())
        PyErr_WriteUnraisable(info);
    become(info, plain);
}

/// The same of one that is called without having been accessed. It may be a bound copy that was
/// made before we took over, and it is left as it is if it is one of an asynchronous method.
void decide_called(PyObject* info) noexcept {
    const auto is_method = object::adopt(PyObject_CallMethod(info, "is_method", nullptr));
    if (has_vectorcall() || is_method.get() != Py_True)
        return decide(info);
    const auto description = object::adopt(PyObject_CallOneArg(describe, info));
    // This accesses what is not a copy.
    if (description && description.get() != Py_None &&
        object::adopt(PyObject_CallOneArg(of_class, info)))
        return;
    if (PyErr_Occurred())
        PyErr_WriteUnraisable(info);
    if (Py_TYPE(info) == original)
        become(info, plain);
}

PyObject* call_undecided(PyObject* info, PyObject* positional, PyObject* named) {
    decide_called(info);
    return Py_TYPE(info) == original ? original_call(info, positional, named)
                                     : PyObject_Call(info, positional, named);
}

// Binding ------------------------------------------------------------------------

PyObject* bind_plain(PyObject* info, PyObject* instance, PyObject* type) {
    PyObject* bound = original_bind(info, instance, type);
    if (bound && Py_TYPE(bound) == original)
        become(bound, plain);
    return bound;
}

PyObject* bind_awaitable(PyObject* info, PyObject* instance, PyObject* type) {
    auto bound = object::adopt(original_bind(info, instance, type));
    if (!bound || Py_TYPE(bound.get()) != original)
        return bound.release();
    make_awaitable(bound.get(), {awaitables().at(info).function, object::retain(instance)});
    return bound.release();
}

PyObject* bind_undecided(PyObject* info, PyObject* instance, PyObject* type) {
    decide(info);
    return Py_TYPE(info)->tp_descr_get(info, instance, type);
}

// Types --------------------------------------------------------------------------

void deallocate(PyObject* info) {
    PyTypeObject* type = Py_TYPE(info);
    if (type == awaitable)
        awaitables().extract(info);
    original->tp_dealloc(info);
    Py_DECREF(type);
}

/// A subtype whose objects may be made of those of the original type.
PyTypeObject* make_subtype() noexcept {
    PyType_Slot slots[] = {{Py_tp_dealloc, slot(deallocate)}, {}};
    PyType_Spec specification = {
        .name = original->tp_name,
        .basicsize = 0,
        .itemsize = 0,
        .flags = Py_TPFLAGS_DEFAULT,
        .slots = slots,
    };
    auto* type = reinterpret_cast<PyTypeObject*>(
        PyType_FromSpecWithBases(&specification, reinterpret_cast<PyObject*>(original)));
    if (!type)
        return nullptr;
    type->tp_call = original->tp_call;
    type->tp_descr_get = original->tp_descr_get;
    type->tp_vectorcall_offset = original->tp_vectorcall_offset;
    type->tp_flags |=
        original->tp_flags & (Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR);
    return type;
}

bool take_over(PyTypeObject* type_of_functions) noexcept {
    original = type_of_functions;
    plain = make_subtype();
    awaitable = plain ? make_subtype() : nullptr;
    if (!awaitable)
        return false;
    original_call = original->tp_call;
    original_bind = original->tp_descr_get;
    if (has_vectorcall()) {
        original->tp_flags &= ~Py_TPFLAGS_HAVE_VECTORCALL;
    } else {
        plain->tp_descr_get = bind_plain;
        awaitable->tp_descr_get = bind_awaitable;
        awaitable->tp_call = tuple_call_awaitable;
        original->tp_descr_get = bind_undecided;
    }
    original->tp_call = call_undecided;
    for (PyTypeObject* type : {plain, awaitable, original})
        PyType_Modified(type);
    return true;
}

// Calls --------------------------------------------------------------------------

PyObject* await_functions(PyObject*, PyObject* given) {
    PyObject *function_info = nullptr, *describe_function = nullptr, *of_class_function = nullptr,
             *explain_function = nullptr;
    if (!PyArg_ParseTuple(given, "O!OOO", &PyType_Type, &function_info, &describe_function,
                          &of_class_function, &explain_function))
        return nullptr;
    if (original) {
        PyErr_SetString(PyExc_RuntimeError, "await_functions() was called twice");
        return nullptr;
    }
    describe = Py_NewRef(describe_function);
    of_class = Py_NewRef(of_class_function);
    explain = Py_NewRef(explain_function);
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
    if (Py_TYPE(info) == original)
        decide_called(info);
    const auto found = awaitables().find(info);
    if (found == awaitables().end())
        Py_RETURN_NOTIMPLEMENTED;
    const awaitable_part part = found->second;
    const tuple_arguments given(self, positional, named);
    if (PyErr_Occurred())
        return nullptr;
    if (includes_callback(part, given.get().count)) {
        PyErr_Format(PyExc_TypeError, "%U() was given more arguments than come before its callback",
                     part.function->name.get());
        return nullptr;
    }
    const object values = complete(*part.function, bool(part.bound), given.get());
    if (!values && !PyErr_Occurred())
        PyErr_Format(PyExc_TypeError, "%U() got an unexpected keyword argument; it takes %R",
                     part.function->name.get(), part.function->names.get());
    if (!values || !check_context(loop))
        return nullptr;
    if (cancellable != Py_None) {
        PyObject** place = cancellable_in(part, values);
        if (!place || *place != Py_None) {
            PyErr_Format(PyExc_TypeError,
                         place ? "%U() got multiple values for argument 'cancellable'"
                               : "%U() takes no cancellable",
                         part.function->name.get());
            return nullptr;
        }
        Py_SETREF(*place, Py_NewRef(cancellable));
    }
    finish_function with = finish_of(part, values);
    if (finish != Py_None) {
        PyObject* function = nullptr;
        int form = 0;
        if (!PyArg_ParseTuple(finish, "Oi", &function, &form))
            return nullptr;
        with = {object::retain(function), static_cast<finish_form>(form), with.source};
    }
    return start(info, part, loop, values, std::move(with)).release();
}

PyMethodDef functions[] = {
    {"start_function", start_function, METH_VARARGS, nullptr},
    {"await_functions", await_functions, METH_VARARGS, nullptr},
    {},
};

} // namespace

bool add_function_info(PyObject* module, PyTypeObject* type_of_loops) noexcept {
    loop_type = type_of_loops;
    get_running_loop = import_attribute("asyncio", "_get_running_loop");
    return get_running_loop && PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
