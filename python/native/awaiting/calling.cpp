#include "awaiting/calling.hpp"

#include "awaiting/arguments.hpp"
#include "awaiting/awaitables.hpp"
#include "awaiting/original_function.hpp"
#include "awaiting/starting.hpp"
#include "current_context.hpp"
#include "handlers/coroutine_function.hpp"
#include "handlers/handlers.hpp"
#include "loop/loop.hpp"
#include "pygobject.hpp"
#include "running_loop.hpp"
#include "user_data.hpp"

#include <gio/gio.h>

#include <vector>

namespace gawait::python {
namespace {

PyObject* callback_name;
PyObject* not_awaitable;

/// Of a tuple of a callback, and the address of the name of the function that calls back: calls
/// it, after what it gets besides the result has become the result's user data.
PyObject* call_back(PyObject* call, PyObject* const* values, Py_ssize_t count) {
    PyObject* callback = PyTuple_GET_ITEM(call, 0);
    const auto* by = static_cast<const char*>(PyLong_AsVoidPtr(PyTuple_GET_ITEM(call, 1)));
    if (count >= 2 && !keep_user_data(values[1], by, values + 2, count - 2))
        PyErr_WriteUnraisable(callback);
    return unless_exiting([&] {
        return PyObject_Vectorcall(callback, values, static_cast<std::size_t>(count), nullptr);
    });
}

PyMethodDef call_back_definition = {"ready", method(call_back), METH_FASTCALL, nullptr};

/// A `Gio.Task` that was made has its user data at once.
bool keep_user_data_of_new(PyObject* made, const arguments& given, Py_ssize_t callback) noexcept {
    const Py_ssize_t count = given.count - callback - 1;
    if (count < 0 || !pygobject_check(made, &PyGObject_Type))
        return true;
    // The constructors of GSimpleAsyncResult take more behind it.
    const bool takes_many = G_IS_TASK(pygobject_get(made));
    return keep_user_data(made, nullptr, given.values + callback + 1,
                          takes_many || count == 0 ? count : 1);
}

/// Of a call that may include the callback: the original, with a callback that gives the result
/// its user data.
object call_with_callback(PyObject* info, const awaitable_part& part,
                          const arguments& given) noexcept {
    const Py_ssize_t position = part.function->count() - part.skipped();
    Py_ssize_t index = position < given.count ? position : -1;
    for (Py_ssize_t name = 0; index < 0 && name < given.named(); ++name)
        if (PyUnicode_Compare(PyTuple_GET_ITEM(given.names, name), callback_name) == 0)
            index = given.count + name;
    if (index < 0 || !PyCallable_Check(given.values[index]))
        return call_original(info, given);
    const auto by =
        object::adopt(PyLong_FromVoidPtr(const_cast<char*>(part.function->interned_name)));
    const auto call = by ? object::adopt(PyTuple_Pack(2, given.values[index], by.get())) : object();
    const auto callback =
        call ? object::adopt(PyCFunction_New(&call_back_definition, call.get())) : object();
    if (!callback)
        return {};
    std::vector<PyObject*> values(given.values, given.values + given.count + given.named());
    values[static_cast<std::size_t>(index)] = callback.get();
    object made = call_original(info, {values.data(), given.count, given.names});
    return made && keep_user_data_of_new(made.get(), given, position) ? made : object();
}

/// A gawait loop that runs in this thread.
object running_gawait_loop() noexcept {
    auto loop = running_loop();
    return loop && is_loop(loop.get()) ? loop : object();
}

/// Of a call without a gawait loop that PyGObject has refused: if that was because something was
/// left out that gawait has defaults for, says what is wrong with the loop.
void explain_missing_loop(const awaitable_part& part, const arguments& given) noexcept {
    if (!PyErr_ExceptionMatches(PyExc_TypeError) ||
        part.skipped() + given.count + given.named() >= part.function->count())
        return;
    object refusal = take_exception();
    if (part.function->complete(given, part.skipped())) {
        if (const object loop = running_loop())
            check_context(loop.get());
        else
            PyErr_SetString(PyExc_RuntimeError, "no running event loop");
    }
    if (!PyErr_Occurred() || !PyErr_ExceptionMatches(PyExc_RuntimeError))
        raise(std::move(refusal));
}

object start_here(PyObject* info, const awaitable_part& part, const object& loop,
                  const object& values) noexcept {
    return check_context(loop.get())
               ? start(info, part, loop.get(), values, finish_of(info, part, values))
               : object();
}

/// Of a function that must not be called with a callback while a loop runs.
object call_refused(PyObject* info, const awaitable_part& part, const arguments& given) noexcept {
    const object loop = running_gawait_loop();
    if (!loop)
        return call_original(info, given);
    if (!part.function->finish || part.include_callback(given.count) ||
        (given.named() > 0 && given.find(callback_name))) {
        PyErr_SetObject(PyExc_TypeError, part.function->refusal.get());
        return {};
    }
    const object values = part.function->complete(given, part.skipped());
    if (values)
        return start_here(info, part, loop, values);
    if (!PyErr_Occurred())
        part.function->refuse_name(given);
    return {};
}

/// Where among the values an argument is, by its position among the function's names; -1: it was
/// not given, or is in the object.
Py_ssize_t index_of(const awaitable_part& part, const arguments& given,
                    Py_ssize_t position) noexcept {
    const Py_ssize_t index = position - part.skipped();
    if (index < given.count)
        return index;
    PyObject* const name = PyTuple_GET_ITEM(part.function->names.get(), position);
    for (Py_ssize_t named = 0; named < given.named(); ++named)
        if (PyUnicode_Compare(PyTuple_GET_ITEM(given.names, named), name) == 0)
            return given.count + named;
    return -1;
}

/// Where coroutine functions are among the values, of those that were given for callbacks.
std::vector<Py_ssize_t> coroutine_functions(const awaitable_part& part, const arguments& given) {
    std::vector<Py_ssize_t> found;
    PyObject* const handlers = part.function->handlers.get();
    for (Py_ssize_t next = 0; next < PyTuple_GET_SIZE(handlers); ++next) {
        const Py_ssize_t index =
            index_of(part, given, PyLong_AsSsize_t(PyTuple_GET_ITEM(handlers, next)));
        if (index >= 0 && is_handled(given.values[index]))
            found.push_back(index);
    }
    return found;
}

/// Of a function that is not asynchronous: the original, with handlers in the place of coroutine
/// functions.
object call_with_handlers(PyObject* info, const awaitable_part& part, const arguments& given) {
    std::vector<PyObject*> values(given.values, given.values + given.count + given.named());
    std::vector<object> made;
    for (const Py_ssize_t index : coroutine_functions(part, given)) {
        made.push_back(callback_handler(given.values[index], part.function->name.get()));
        if (!made.back())
            return {};
        values[static_cast<std::size_t>(index)] = made.back().get();
    }
    return call_original(info, {values.data(), given.count, given.names});
}

/// Of any call: a function that is refused, one that includes the callback, or one without.
object call_awaitable(PyObject* info, const awaitable_part& part, const arguments& given) noexcept {
    if (part.function->handlers)
        return call_with_handlers(info, part, given);
    if (part.function->refusal)
        return call_refused(info, part, given);
    if (part.include_callback(given.count) || !part.function->finish)
        return call_with_callback(info, part, given);
    const object loop = running_gawait_loop();
    if (!loop) {
        object result = call_with_callback(info, part, given);
        if (!result)
            explain_missing_loop(part, given);
        else if (result.get() == Py_None && running_loop() &&
                 !(given.named() > 0 && given.find(callback_name)))
            result = object::retain(not_awaitable);
        return result;
    }
    const object values = part.function->complete(given, part.skipped());
    if (!values)
        return PyErr_Occurred() ? object() : call_with_callback(info, part, given);
    return start_here(info, part, loop, values);
}

} // namespace

PyObject* tuple_call_awaitable(PyObject* info, PyObject* positional, PyObject* named) {
    const awaitable_part* const part = awaitables::find(info);
    if (!part)
        return original.call(info, positional, named);
    const tuple_arguments given(nullptr, positional, named);
    if (PyErr_Occurred())
        return nullptr;
    if (part->function->handlers && coroutine_functions(*part, given.get()).empty())
        return original.call(info, positional, named);
    return call_awaitable(info, *part, given.get()).release();
}

PyObject* vectorcall_awaitable(PyObject* info, PyObject* const* values, std::size_t count,
                               PyObject* names) {
    const arguments given{values, PyVectorcall_NARGS(count), names};
    const awaitable_part* const part = awaitables::find(info);
    if (!part || (part->function->handlers && coroutine_functions(*part, given).empty()))
        return call_original(info, given).release();
    return call_awaitable(info, *part, given).release();
}

void returned_off_loop(PyObject* instead) noexcept { not_awaitable = Py_NewRef(instead); }

bool prepare_calling() noexcept {
    callback_name = PyUnicode_InternFromString("callback");
    return prepare_running_loop() && callback_name;
}

} // namespace gawait::python
