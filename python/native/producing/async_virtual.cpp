#include "producing/async_virtual.hpp"

#include "awaiting/operation.hpp"
#include "memory.hpp"
#include "producing/producing.hpp"
#include "producing/production.hpp"
#include "pygobject.hpp"

#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>

namespace gawait::python {
namespace {

PyTypeObject* end_type;
PyObject* raising_function;  // virtual.py's
PyObject* awaiting_function; // virtual.py's

struct call_end;

/// What a value that the coroutine returned is in C: a number, or 1 for success. None with an
/// exception set if it cannot be.
using to_number = std::optional<gssize>(const call_end&, PyObject* value) noexcept;

/// How a call is to end.
struct call_end {
    PyObject_HEAD ref<GTask> task;
    object operation; // in place of a task, where an operation of Python's is the caller
    void* buffer;     // to read into
    gsize count;      // of bytes, at most
    to_number* number;
};

call_end& end_of(PyObject* self) noexcept { return *reinterpret_cast<call_end*>(self); }

// Values -------------------------------------------------------------------------

object to_python(gsize value) noexcept { return object::adopt(PyLong_FromSize_t(value)); }
object to_python(GInputStream* value) noexcept {
    return object::adopt(pygobject_new(reinterpret_cast<GObject*>(value)));
}
object to_python(GOutputStreamSpliceFlags value) noexcept {
    return object::adopt(pyg_flags_from_gtype(G_TYPE_OUTPUT_STREAM_SPLICE_FLAGS, value));
}

template <class... Values> object tuple_of(Values... values) noexcept {
    const std::array<object, sizeof...(Values)> items{to_python(values)...};
    auto made = object::adopt(PyTuple_New(sizeof...(Values)));
    Py_ssize_t index = 0;
    for (const object& item : items) {
        if (!made || !item)
            return {};
        PyTuple_SET_ITEM(made.get(), index++, Py_NewRef(item.get()));
    }
    return made;
}

/// What the coroutine gets; of buffers, what the end has to know.
template <class... Values> object arguments_of(call_end&, Values... values) noexcept {
    return tuple_of(values...);
}
object arguments_of(call_end& end, void* buffer, gsize count) noexcept {
    end.buffer = buffer;
    end.count = count;
    return tuple_of(count);
}
object arguments_of(call_end& end, const void* data, gsize count) noexcept {
    end.count = count;
    return object::adopt(
        Py_BuildValue("(y#)", static_cast<const char*>(data), static_cast<Py_ssize_t>(count)));
}
object arguments_of(call_end& end, gsize count) noexcept {
    end.count = count;
    return tuple_of(count);
}

std::optional<gssize> number_of_data(const call_end& self, PyObject* value) noexcept {
    memory data;
    if (!data.get(value, PyBUF_SIMPLE))
        return {};
    if (data.size() > self.count) {
        PyErr_Format(PyExc_ValueError, "%zu bytes were read, and at most %zu wanted", data.size(),
                     self.count);
        return {};
    }
    std::memcpy(self.buffer, data.data(), data.size());
    return static_cast<gssize>(data.size());
}

std::optional<gssize> number_of_size(const call_end& self, PyObject* value) noexcept {
    const Py_ssize_t size = PyNumber_AsSsize_t(value, PyExc_OverflowError);
    if (size == -1 && PyErr_Occurred())
        return {};
    if (size < 0 || (self.count > 0 && static_cast<gsize>(size) > self.count)) {
        PyErr_Format(PyExc_ValueError, "%zd bytes of %zu cannot be", size, self.count);
        return {};
    }
    return size;
}

/// Who writes all would otherwise go on for ever.
std::optional<gssize> number_of_written(const call_end& self, PyObject* value) noexcept {
    const auto size = number_of_size(self, value);
    if (size != 0 || self.count == 0)
        return size;
    PyErr_Format(PyExc_ValueError, "0 bytes of %zu were written", self.count);
    return {};
}

std::optional<gssize> number_of_success(const call_end&, PyObject* value) noexcept {
    if (value == Py_None || value == Py_True)
        return 1;
    PyErr_Format(PyExc_TypeError, "expected None, not %R; failures are raised", value);
    return {};
}

gssize take(GTask* task, GError** error, gssize (*)(call_end&)) noexcept {
    return g_task_propagate_int(task, error);
}
gboolean take(GTask* task, GError** error, gboolean (*)(call_end&)) noexcept {
    return g_task_propagate_boolean(task, error);
}

// What C code calls --------------------------------------------------------------

/// The coroutine that the method returns; or one that raises what is wrong with that. Empty with an
/// exception set on failure.
object call_method(PyObject* instance, const char* name, const object& arguments) noexcept {
    const auto method =
        arguments ? object::adopt(PyObject_GetAttrString(instance, name)) : object();
    const auto call = [&] { return PyObject_Call(method.get(), arguments.get(), nullptr); };
    auto returned = method ? object::adopt(unless_exiting(call)) : object();
    if (returned && PyCoro_CheckExact(returned.get())) [[likely]]
        return returned;
    if (returned)
        return object::adopt(PyObject_CallOneArg(awaiting_function, returned.get()));
    const object failure = take_exception();
    return object::adopt(PyObject_CallOneArg(raising_function, failure.get()));
}

/// Ends what has not begun, with the exception that is set.
void fail(call_end& end) noexcept {
    if (end.operation) {
        if (!end_produced(end.operation.get(), {}))
            PyErr_WriteUnraisable(end.operation.get());
        return;
    }
    PyErr_Print();
    if (ends_now(end.task.get()))
        g_task_return_new_error(end.task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s() could not be called",
                                g_task_get_name(end.task));
}

void start(call_end& end, GObject* instance, const char* method, const object& arguments,
           int priority, GCancellable* cancellable) noexcept {
    const auto told = object::adopt(pygobject_new(instance));
    const auto name = told ? object::adopt(PyType_GetQualName(Py_TYPE(told.get()))) : object();
    const auto title =
        name ? object::adopt(PyUnicode_FromFormat("%U.%s", name.get(), method)) : object();
    const object coroutine = title ? call_method(told.get(), method, arguments) : object();
    if (!coroutine || !run_production({.coroutine = coroutine.get(),
                                       .end = reinterpret_cast<PyObject*>(&end),
                                       .title = title.get(),
                                       .cancellable = cancellable,
                                       .priority = priority}))
        fail(end);
}

/// The name of the coroutine; its address is the tag of its tasks.
template <auto Start> inline const char* method_of = nullptr;

template <auto Start, to_number Number> struct start_function;

template <class Structure, class Instance, class... Arguments,
          void (*Structure::*Start)(Instance*, Arguments...), to_number Number>
struct start_function<Start, Number> {
    static void call(Instance* instance, Arguments... arguments) {
        const std::tuple<Arguments...> all(arguments...);
        constexpr auto given = sizeof...(Arguments) - 4;
        const int priority = std::get<given>(all);
        GCancellable* const cancellable = std::get<given + 1>(all);
        const GAsyncReadyCallback callback = std::get<given + 2>(all);
        gpointer data = std::get<given + 3>(all);
        const with_gil held;
        const auto made = object::adopt(end_type->tp_alloc(end_type, 0));
        if (!made)
            return PyErr_Print();
        call_end& end = end_of(made.get());
        end.number = Number;
        auto* const of = reinterpret_cast<GObject*>(instance);
        // An operation shows nobody the result that it is called back with.
        end.operation = take_operation(callback, data);
        if (!end.operation) {
            end.task = ref<GTask>::adopt(g_task_new(of, cancellable, callback, data));
            g_task_set_priority(end.task, priority);
            g_task_set_source_tag(end.task, static_cast<void*>(&method_of<Start>));
            (g_task_set_name)(end.task, method_of<Start>);
        }
        const object told = [&]<std::size_t... Index>(std::index_sequence<Index...>) {
            return arguments_of(end, std::get<Index>(all)...);
        }(std::make_index_sequence<given>());
        start(end, of, method_of<Start>, told, priority, cancellable);
    }
};

template <auto Finish, auto Start> struct finish_function_of;

template <class Structure, class Instance, class Result,
          Result (*Structure::*Finish)(Instance*, GAsyncResult*, GError**), auto Start>
struct finish_function_of<Finish, Start> {
    static Result call(Instance* instance, GAsyncResult* result, GError** error) {
        constexpr Result none = std::is_same_v<Result, gssize> ? -1 : 0;
        g_return_val_if_fail(g_task_is_valid(result, instance), none);
        g_return_val_if_fail(
            g_async_result_is_tagged(result, static_cast<void*>(&method_of<Start>)), none);
        return take(G_TASK(result), error, static_cast<Result (*)(call_end&)>(nullptr));
    }
};

/// A virtual method that we can fill.
struct virtual_method {
    const char* name;       // of the coroutine
    const char* const* tag; // of its tasks
    GType (*owner)();
    void (*fill)(gpointer structure, const char* name);
};

template <auto Start, auto Finish, to_number Number, class Structure>
void fill(gpointer structure, const char* name) {
    method_of<Start> = name;
    auto* const into = static_cast<Structure*>(structure);
    into->*Start = start_function<Start, Number>::call;
    into->*Finish = finish_function_of<Finish, Start>::call;
}

constexpr std::array methods{
    virtual_method{"do_init_async", &method_of<&GAsyncInitableIface::init_async>,
                   g_async_initable_get_type,
                   fill<&GAsyncInitableIface::init_async, &GAsyncInitableIface::init_finish,
                        number_of_success, GAsyncInitableIface>},
    virtual_method{"do_read_async", &method_of<&GInputStreamClass::read_async>,
                   g_input_stream_get_type,
                   fill<&GInputStreamClass::read_async, &GInputStreamClass::read_finish,
                        number_of_data, GInputStreamClass>},
    virtual_method{"do_skip_async", &method_of<&GInputStreamClass::skip_async>,
                   g_input_stream_get_type,
                   fill<&GInputStreamClass::skip_async, &GInputStreamClass::skip_finish,
                        number_of_size, GInputStreamClass>},
    virtual_method{"do_close_async", &method_of<&GInputStreamClass::close_async>,
                   g_input_stream_get_type,
                   fill<&GInputStreamClass::close_async, &GInputStreamClass::close_finish,
                        number_of_success, GInputStreamClass>},
    virtual_method{"do_write_async", &method_of<&GOutputStreamClass::write_async>,
                   g_output_stream_get_type,
                   fill<&GOutputStreamClass::write_async, &GOutputStreamClass::write_finish,
                        number_of_written, GOutputStreamClass>},
    virtual_method{"do_splice_async", &method_of<&GOutputStreamClass::splice_async>,
                   g_output_stream_get_type,
                   fill<&GOutputStreamClass::splice_async, &GOutputStreamClass::splice_finish,
                        number_of_size, GOutputStreamClass>},
    virtual_method{"do_flush_async", &method_of<&GOutputStreamClass::flush_async>,
                   g_output_stream_get_type,
                   fill<&GOutputStreamClass::flush_async, &GOutputStreamClass::flush_finish,
                        number_of_success, GOutputStreamClass>},
    virtual_method{"do_close_async", &method_of<&GOutputStreamClass::close_async>,
                   g_output_stream_get_type,
                   fill<&GOutputStreamClass::close_async, &GOutputStreamClass::close_finish,
                        number_of_success, GOutputStreamClass>},
    virtual_method{"do_close_async", &method_of<&GIOStreamClass::close_async>, g_io_stream_get_type,
                   fill<&GIOStreamClass::close_async, &GIOStreamClass::close_finish,
                        number_of_success, GIOStreamClass>},
};

/// The structure of a type in which a method of `owner` is, or null with an exception set.
/// One that it shares with its parent, which may be C's, is not for us.
gpointer structure_of(GType type, GType owner) noexcept {
    gpointer structure = g_type_class_ref(type); // a type of Python's is there for ever
    if (!G_TYPE_IS_INTERFACE(owner))
        return structure;
    gpointer interface = g_type_interface_peek(structure, owner);
    gpointer parent = g_type_class_peek_parent(structure);
    if (interface && !(parent && g_type_interface_peek(parent, owner) == interface))
        return interface;
    PyErr_Format(PyExc_TypeError, "%s must have %s among its base classes to override its methods",
                 g_type_name(type), g_type_name(owner));
    return nullptr;
}

PyObject* fill_virtual_method(PyObject*, PyObject* arguments) {
    PyObject* class_ = nullptr;
    const char* name = nullptr;
    if (!PyArg_ParseTuple(arguments, "Os", &class_, &name))
        return nullptr;
    const GType type = pyg_type_from_object(class_);
    if (!type)
        return nullptr;
    for (const virtual_method& each : methods) {
        if (std::strcmp(each.name, name) != 0 || !g_type_is_a(type, each.owner()))
            continue;
        gpointer structure = structure_of(type, each.owner());
        if (!structure)
            return nullptr;
        each.fill(structure, each.name);
        Py_RETURN_TRUE;
    }
    Py_RETURN_FALSE;
}

/// virtual_methods(raising, awaiting): coroutine functions, of an exception and of an awaitable.
PyObject* virtual_methods(PyObject*, PyObject* arguments) {
    PyObject *raising = nullptr, *awaiting = nullptr;
    if (!PyArg_ParseTuple(arguments, "OO", &raising, &awaiting))
        return nullptr;
    Py_XSETREF(raising_function, Py_NewRef(raising));
    Py_XSETREF(awaiting_function, Py_NewRef(awaiting));
    Py_RETURN_NONE;
}

/// The name of the coroutine whose tasks have that tag, or `None`.
PyObject* virtual_method_of(PyObject*, PyObject* address) {
    const auto* tag = static_cast<const char* const*>(PyLong_AsVoidPtr(address));
    if (PyErr_Occurred())
        return nullptr;
    for (const virtual_method& each : methods)
        if (each.tag == tag)
            return PyUnicode_FromString(each.name);
    Py_RETURN_NONE;
}

PyMethodDef functions[] = {
    {"fill_virtual_method", fill_virtual_method, METH_VARARGS, nullptr},
    {"virtual_methods", virtual_methods, METH_VARARGS, nullptr},
    {"virtual_method_of", virtual_method_of, METH_O, nullptr},
    {},
};

// The end -------------------------------------------------------------------------

/// succeed(value): as what production.cpp ends.
PyObject* succeed(PyObject* of, PyObject* value) {
    const call_end& self = end_of(of);
    const auto number = self.number(self, value);
    if (!number)
        return nullptr;
    const bool is_success = self.number == number_of_success;
    if (self.operation) {
        auto shown =
            is_success ? object::retain(Py_True) : object::adopt(PyLong_FromSsize_t(*number));
        return shown && end_produced(self.operation.get(), std::move(shown)) ? Py_NewRef(Py_None)
                                                                             : nullptr;
    }
    // It may call back at once, and what it calls may wait for another thread.
    const auto task = self.task;
    {
        const without_gil released;
        const bool now = ends_now(task.get());
        if (now && is_success)
            g_task_return_boolean(task, TRUE);
        else if (now)
            g_task_return_int(task, *number);
    }
    Py_RETURN_NONE;
}

/// The `Operation` or `Gio.Task` that it ends.
PyObject* get_target(PyObject* of, void*) {
    const call_end& self = end_of(of);
    return self.operation ? Py_NewRef(self.operation.get())
                          : pygobject_new(reinterpret_cast<GObject*>(self.task.get()));
}

int traverse(PyObject* of, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(of));
    Py_VISIT(end_of(of).operation.get());
    return 0;
}

int clear(PyObject* of) {
    end_of(of).operation = {};
    return 0;
}

void deallocate(PyObject* of) {
    PyObject_GC_UnTrack(of);
    std::destroy_at(&end_of(of).operation);
    std::destroy_at(&end_of(of).task);
    const auto type = object::adopt(reinterpret_cast<PyObject*>(Py_TYPE(of)));
    PyObject_GC_Del(of);
}

PyMethodDef methods_of_end[] = {
    {"succeed", succeed, METH_O, nullptr},
    {},
};

PyGetSetDef attributes_of_end[] = {
    {"target", get_target, nullptr, nullptr, nullptr},
    {},
};

PyType_Slot slots[] = {
    {Py_tp_dealloc, slot(deallocate)}, {Py_tp_traverse, slot(traverse)},
    {Py_tp_clear, slot(clear)},        {Py_tp_methods, methods_of_end},
    {Py_tp_getset, attributes_of_end}, {},
};

PyType_Spec specification = {
    .name = "gawait._native.CallEnd",
    .basicsize = sizeof(call_end),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

} // namespace

bool add_async_virtual(PyObject* module) noexcept {
    end_type = add_type(module, specification);
    return end_type && PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
