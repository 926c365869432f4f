#include "producing/async_virtual.hpp"

#include "producing/producing.hpp"
#include "pygobject.hpp"

#include <array>
#include <cstring>
#include <memory>
#include <tuple>
#include <type_traits>

namespace gawait::python {
namespace {

PyObject* run_function;

/// How a call is to end.
struct ending {
    ref<GTask> task;
    void* buffer = nullptr; // to read into
    gsize count = 0;        // of bytes, at most
    bool (*give)(ending& self, PyObject* value) noexcept = nullptr;
};

constexpr const char* ending_name = "gawait.ending";

void drop_ending(PyObject* capsule) {
    const std::unique_ptr<ending> last(
        static_cast<ending*>(PyCapsule_GetPointer(capsule, ending_name)));
}

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
template <class... Values> object arguments_of(ending&, Values... values) noexcept {
    return tuple_of(values...);
}
object arguments_of(ending& end, void* buffer, gsize count) noexcept {
    end.buffer = buffer;
    end.count = count;
    return tuple_of(count);
}
object arguments_of(ending& end, const void* data, gsize count) noexcept {
    end.count = count;
    return object::adopt(
        Py_BuildValue("(y#)", static_cast<const char*>(data), static_cast<Py_ssize_t>(count)));
}
object arguments_of(ending& end, gsize count) noexcept {
    end.count = count;
    return tuple_of(count);
}

bool give_data(ending& self, PyObject* value) noexcept {
    Py_buffer data;
    if (PyObject_GetBuffer(value, &data, PyBUF_SIMPLE) < 0)
        return false;
    const auto size = static_cast<gsize>(data.len);
    if (size <= self.count)
        std::memcpy(self.buffer, data.buf, size);
    PyBuffer_Release(&data);
    if (size > self.count) {
        PyErr_Format(PyExc_ValueError, "%zu bytes were read, and at most %zu wanted", size,
                     self.count);
        return false;
    }
    const without_gil released;
    g_task_return_int(self.task, static_cast<gssize>(size));
    return true;
}

bool give_size(ending& self, PyObject* value) noexcept {
    const Py_ssize_t size = PyNumber_AsSsize_t(value, PyExc_OverflowError);
    if (size == -1 && PyErr_Occurred())
        return false;
    if (size < 0 || (self.count > 0 && static_cast<gsize>(size) > self.count)) {
        PyErr_Format(PyExc_ValueError, "%zd bytes of %zu cannot be", size, self.count);
        return false;
    }
    const without_gil released;
    g_task_return_int(self.task, size);
    return true;
}

bool give_success(ending& self, PyObject* value) noexcept {
    if (value != Py_None && value != Py_True) {
        PyErr_Format(PyExc_TypeError, "expected None, not %R; failures are raised", value);
        return false;
    }
    const without_gil released;
    g_task_return_boolean(self.task, TRUE);
    return true;
}

gssize take(GTask* task, GError** error, gssize (*)(ending&)) noexcept {
    return g_task_propagate_int(task, error);
}
gboolean take(GTask* task, GError** error, gboolean (*)(ending&)) noexcept {
    return g_task_propagate_boolean(task, error);
}

// What C code calls --------------------------------------------------------------

void start(ending begun, GObject* instance, const char* method, const object& arguments) noexcept {
    const ref<GTask> task = begun.task;
    const auto told = object::adopt(pygobject_new(instance));
    const auto told_task = object::adopt(pygobject_new(reinterpret_cast<GObject*>(task.get())));
    auto kept = std::make_unique<ending>(std::move(begun));
    const auto capsule = object::adopt(PyCapsule_New(kept.get(), ending_name, drop_ending));
    if (capsule)
        std::ignore = kept.release();
    if (told && told_task && capsule && arguments &&
        object::adopt(PyObject_CallFunction(run_function, "OOsOO", told_task.get(), told.get(),
                                            method, arguments.get(), capsule.get())))
        return;
    PyErr_Print();
    if (ends_now(task))
        g_task_return_new_error(task, G_IO_ERROR, G_IO_ERROR_FAILED, "%s() could not be called",
                                method);
}

/// The name of the coroutine; its address is the tag of its tasks.
template <auto Start> inline const char* method_of = nullptr;

template <auto Start, auto Give> struct start_function;

template <class Structure, class Instance, class... Arguments,
          void (*Structure::*Start)(Instance*, Arguments...), auto Give>
struct start_function<Start, Give> {
    static void call(Instance* instance, Arguments... arguments) {
        const std::tuple<Arguments...> all(arguments...);
        constexpr auto given = sizeof...(Arguments) - 4;
        const with_gil held;
        ending end;
        auto* const of = reinterpret_cast<GObject*>(instance);
        end.task = ref<GTask>::adopt(g_task_new(
            of, std::get<given + 1>(all), std::get<given + 2>(all), std::get<given + 3>(all)));
        end.give = Give;
        g_task_set_priority(end.task, std::get<given>(all));
        g_task_set_source_tag(end.task, static_cast<void*>(&method_of<Start>));
        (g_task_set_name)(end.task, method_of<Start>);
        const object told = [&]<std::size_t... Index>(std::index_sequence<Index...>) {
            return arguments_of(end, std::get<Index>(all)...);
        }(std::make_index_sequence<given>());
        start(std::move(end), of, method_of<Start>, told);
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
        return take(G_TASK(result), error, static_cast<Result (*)(ending&)>(nullptr));
    }
};

/// A virtual method that we can fill.
struct virtual_method {
    const char* name;       // of the coroutine
    const char* const* tag; // of its tasks
    GType (*owner)();
    void (*fill)(gpointer structure, const char* name);
};

template <auto Start, auto Finish, auto Give, class Structure>
void fill(gpointer structure, const char* name) {
    method_of<Start> = name;
    auto* const into = static_cast<Structure*>(structure);
    into->*Start = start_function<Start, Give>::call;
    into->*Finish = finish_function_of<Finish, Start>::call;
}

constexpr std::array methods{
    virtual_method{"do_init_async", &method_of<&GAsyncInitableIface::init_async>,
                   g_async_initable_get_type,
                   fill<&GAsyncInitableIface::init_async, &GAsyncInitableIface::init_finish,
                        give_success, GAsyncInitableIface>},
    virtual_method{"do_read_async", &method_of<&GInputStreamClass::read_async>,
                   g_input_stream_get_type,
                   fill<&GInputStreamClass::read_async, &GInputStreamClass::read_finish, give_data,
                        GInputStreamClass>},
    virtual_method{"do_skip_async", &method_of<&GInputStreamClass::skip_async>,
                   g_input_stream_get_type,
                   fill<&GInputStreamClass::skip_async, &GInputStreamClass::skip_finish, give_size,
                        GInputStreamClass>},
    virtual_method{"do_close_async", &method_of<&GInputStreamClass::close_async>,
                   g_input_stream_get_type,
                   fill<&GInputStreamClass::close_async, &GInputStreamClass::close_finish,
                        give_success, GInputStreamClass>},
    virtual_method{"do_write_async", &method_of<&GOutputStreamClass::write_async>,
                   g_output_stream_get_type,
                   fill<&GOutputStreamClass::write_async, &GOutputStreamClass::write_finish,
                        give_size, GOutputStreamClass>},
    virtual_method{"do_splice_async", &method_of<&GOutputStreamClass::splice_async>,
                   g_output_stream_get_type,
                   fill<&GOutputStreamClass::splice_async, &GOutputStreamClass::splice_finish,
                        give_size, GOutputStreamClass>},
    virtual_method{"do_flush_async", &method_of<&GOutputStreamClass::flush_async>,
                   g_output_stream_get_type,
                   fill<&GOutputStreamClass::flush_async, &GOutputStreamClass::flush_finish,
                        give_success, GOutputStreamClass>},
    virtual_method{"do_close_async", &method_of<&GOutputStreamClass::close_async>,
                   g_output_stream_get_type,
                   fill<&GOutputStreamClass::close_async, &GOutputStreamClass::close_finish,
                        give_success, GOutputStreamClass>},
    virtual_method{"do_close_async", &method_of<&GIOStreamClass::close_async>, g_io_stream_get_type,
                   fill<&GIOStreamClass::close_async, &GIOStreamClass::close_finish, give_success,
                        GIOStreamClass>},
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

PyObject* run_virtual_methods(PyObject*, PyObject* run) {
    Py_XSETREF(run_function, Py_NewRef(run));
    Py_RETURN_NONE;
}

PyObject* end_virtual_method(PyObject*, PyObject* arguments) {
    PyObject *capsule = nullptr, *value = nullptr;
    if (!PyArg_ParseTuple(arguments, "OO", &capsule, &value))
        return nullptr;
    auto* const end = static_cast<ending*>(PyCapsule_GetPointer(capsule, ending_name));
    if (!end || !end->give(*end, value))
        return nullptr;
    std::ignore = ends_now(end->task.get());
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
    {"run_virtual_methods", run_virtual_methods, METH_O, nullptr},
    {"virtual_method_of", virtual_method_of, METH_O, nullptr},
    {"end_virtual_method", end_virtual_method, METH_VARARGS, nullptr},
    {},
};

} // namespace

bool add_async_virtual(PyObject* module) noexcept {
    return PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
