#include "awaiting/calling.hpp"

#include "awaiting/arguments.hpp"
#include "awaiting/awaitables.hpp"
#include "awaiting/original_function.hpp"
#include "awaiting/starting.hpp"
#include "current_context.hpp"

namespace gawait::python {
namespace {

PyTypeObject* loop_type;
PyObject* get_running_loop;

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
    if (!PyErr_ExceptionMatches(PyExc_TypeError) ||
        part.skipped() + given.count + given.named() >= part.function->count())
        return;
    object refusal = take_exception();
    if (part.function->complete(given, part.skipped())) {
        const auto loop = object::adopt(PyObject_CallNoArgs(get_running_loop));
        if (loop.get() == Py_None)
            PyErr_SetString(PyExc_RuntimeError, "no running event loop");
        else if (loop)
            check_context(loop.get());
    }
    if (!PyErr_Occurred() || !PyErr_ExceptionMatches(PyExc_RuntimeError))
        raise(std::move(refusal));
}

/// Of a call that does not include the callback, or of a function that is refused.
object call(PyObject* info, const awaitable_part& part, const arguments& given) noexcept {
    const object loop = running_loop();
    if (loop && part.function->refusal) {
        PyErr_SetObject(PyExc_TypeError, part.function->refusal.get());
        return {};
    }
    if (!loop) {
        object result = call_original(info, given);
        if (!result && !part.function->refusal)
            explain_missing_loop(part, given);
        return result;
    }
    const object values = part.function->complete(given, part.skipped());
    if (!values)
        return PyErr_Occurred() ? object() : call_original(info, given);
    if (!check_context(loop.get()))
        return {};
    return start(info, part, loop.get(), values, finish_of(part, values));
}

} // namespace

PyObject* tuple_call_awaitable(PyObject* info, PyObject* positional, PyObject* named) {
    const awaitable_part* const part = awaitables::find(info);
    if (!part || part->goes_through(PyTuple_GET_SIZE(positional)))
        return original.call(info, positional, named);
    const tuple_arguments given(nullptr, positional, named);
    if (PyErr_Occurred())
        return nullptr;
    return call(info, *part, given.get()).release();
}

PyObject* vectorcall_awaitable(PyObject* info, PyObject* const* values, std::size_t count,
                               PyObject* names) {
    const arguments given{values, PyVectorcall_NARGS(count), names};
    const awaitable_part* const part = awaitables::find(info);
    if (!part || part->goes_through(given.count))
        return call_original(info, given).release();
    return call(info, *part, given).release();
}

bool prepare_calling(PyTypeObject* type_of_loops) noexcept {
    loop_type = type_of_loops;
    get_running_loop = import_attribute("asyncio", "_get_running_loop");
    return get_running_loop;
}

} // namespace gawait::python
