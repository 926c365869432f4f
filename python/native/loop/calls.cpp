#include "loop/calls.hpp"

#include "loop/loop.hpp"

#include <cmath>
#include <cstring>
#include <initializer_list>
#include <span>
#include <vector>

namespace gawait::python {

PyObject* priority_name;

namespace {

PyObject* context_name;
// The tuple of names that last was just ("context",): asyncio's C code calls with one and the
// same for each step of a task, and its name is not always interned.
PyObject* context_alone;
PyObject* priority_variable;    // a contextvars.ContextVar
bool priorities_in_use = false; // somebody has set it

/// In debug mode asyncio checks what it takes on trust otherwise.
bool check_call(loop_object& self, PyObject* callback, const char* method, bool this_thread) {
    if (self.core && !self.closed && !self.debug) [[likely]]
        return true;
    if (!check_open(self))
        return false;
    if (this_thread) {
        const auto checked =
            object::adopt(PyObject_CallMethod(object_of(self), "_check_thread", nullptr));
        if (!checked)
            return false;
    }
    return bool(object::adopt(
        PyObject_CallMethod(object_of(self), "_check_callback", "Os", callback, method)));
}

/// @param method,parameter what an error calls the value.
bool to_priority(const char* method, const char* parameter, PyObject* value,
                 int& priority) noexcept {
    if (!PyIndex_Check(value)) {
        PyErr_Format(PyExc_TypeError, "%s%s must be an int, not %.200s", method, parameter,
                     Py_TYPE(value)->tp_name);
        return false;
    }
    int overflow = 0;
    const long given = PyLong_AsLongAndOverflow(value, &overflow);
    if (given == -1 && PyErr_Occurred())
        return false;
    if (overflow || given < G_MININT || given > G_MAXINT) {
        PyErr_Format(PyExc_OverflowError, "%s%s is out of range", method, parameter);
        return false;
    }
    priority = static_cast<int>(given);
    return true;
}

/// The priority that a context carries.
bool inherited_priority(PyObject* context, int& priority) noexcept {
    object value;
    if (!context) {
        PyObject* found = nullptr;
        if (PyContextVar_Get(priority_variable, nullptr, &found) < 0)
            return false;
        value = object::adopt(found);
    } else {
        const int contained = PySequence_Contains(context, priority_variable);
        if (contained < 0)
            return false;
        if (contained)
            value = object::adopt(PyObject_GetItem(context, priority_variable));
    }
    if (!value)
        return !PyErr_Occurred();
    return to_priority("gawait.priority", "", value.get(), priority);
}

bool parse_context(const char* method, PyObject* value, call& parsed) noexcept {
    if (PyContext_CheckExact(value)) [[likely]] {
        parsed.context = value;
        return true;
    }
    if (value == Py_None)
        return true;
    PyErr_Format(PyExc_TypeError,
                 "%s() argument 'context' must be a contextvars.Context, not %.200s", method,
                 Py_TYPE(value)->tp_name);
    return false;
}

/// @param given whether there is a priority.
bool parse_named(const char* method, PyObject* const* values, PyObject* names, call& parsed,
                 bool& given) noexcept {
    const Py_ssize_t count = PyTuple_GET_SIZE(names);
    for (Py_ssize_t index = 0; index < count; ++index) {
        PyObject* name = PyTuple_GET_ITEM(names, index);
        PyObject* value = values[index];
        if (is_name(name, context_name)) {
            if (!parse_context(method, value, parsed))
                return false;
            if (count == 1)
                Py_XSETREF(context_alone, Py_NewRef(names));
        } else if (is_name(name, priority_name)) {
            if (value == Py_None)
                continue;
            if (!to_priority(method, "() argument 'priority'", value, parsed.priority))
                return false;
            given = true;
        } else {
            PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", method,
                         name);
            return false;
        }
    }
    return true;
}

using fast_method = PyObject*(PyObject*, PyObject* const*, Py_ssize_t, PyObject*);

/// Calls a method again, with those of its positional parameters in their places that were given
/// by name.
PyObject* call_in_order(fast_method* again, const char* method,
                        std::initializer_list<const char*> parameters, PyObject* self,
                        PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
    std::vector<PyObject*> ordered(arguments, arguments + count);
    std::vector<PyObject*> rest(arguments + count,
                                arguments + count + (names ? PyTuple_GET_SIZE(names) : 0));
    const auto rest_names = object::adopt(names ? PySequence_List(names) : PyList_New(0));
    if (!rest_names)
        return nullptr;
    for (const char* parameter : std::span(parameters).subspan(ordered.size())) {
        Py_ssize_t index = 0;
        const auto given = static_cast<Py_ssize_t>(rest.size());
        while (index < given && PyUnicode_CompareWithASCIIString(
                                    PyList_GET_ITEM(rest_names.get(), index), parameter) != 0)
            ++index;
        if (index == given) {
            PyErr_Format(PyExc_TypeError, "%s() missing a required argument: '%s'", method,
                         parameter);
            return nullptr;
        }
        ordered.push_back(rest[static_cast<std::size_t>(index)]);
        rest.erase(rest.begin() + index);
        if (PySequence_DelItem(rest_names.get(), index) < 0)
            return nullptr;
    }
    const auto ordered_count = static_cast<Py_ssize_t>(ordered.size());
    ordered.insert(ordered.end(), rest.begin(), rest.end());
    const auto ordered_names = object::adopt(PyList_AsTuple(rest_names.get()));
    return ordered_names ? again(self, ordered.data(), ordered_count, ordered_names.get())
                         : nullptr;
}

PyObject* soon(loop_object& self, const char* method, bool thread_safe, PyObject* const* arguments,
               Py_ssize_t count, PyObject* names) {
    call what;
    if (!parse_call(method, arguments, count, names, 0, what) ||
        !check_call(self, what.callback, method, !thread_safe))
        return nullptr;
    what.thread_safe = thread_safe;
    handle* created = new_handle(self, what);
    if (!created)
        return nullptr;
    Py_INCREF(created);
    self.make_ready(*created);
    return object_of(*created);
}

PyObject* start_timer(loop_object& self, const char* method, const call& what, double when) {
    if (!check_call(self, what.callback, method, true))
        return nullptr;
    auto created = object::adopt(reinterpret_cast<PyObject*>(new_timer_handle(self, what, when)));
    if (!created)
        return nullptr;
    self.schedule(*reinterpret_cast<timer_handle*>(created.get()));
    return created.release();
}

bool parse_time(PyObject* given, const char* name, double& parsed) noexcept {
    if (given == Py_None) {
        PyErr_Format(PyExc_TypeError, "%s must not be None", name);
        return false;
    }
    parsed = PyFloat_AsDouble(given);
    if (parsed == -1.0 && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_TypeError))
            PyErr_Format(PyExc_TypeError, "%s must be a real number, not %.200s", name,
                         Py_TYPE(given)->tp_name);
        return false;
    }
    if (std::isnan(parsed)) {
        PyErr_Format(PyExc_ValueError, "%s must not be NaN", name);
        return false;
    }
    return true;
}

} // namespace

/// The names are not always interned: those that C code passes are often not.
bool is_name(PyObject* given, PyObject* name) noexcept {
    if (given == name)
        return true;
    const auto length = PyUnicode_GET_LENGTH(name);
    return PyUnicode_IS_COMPACT_ASCII(given) && PyUnicode_GET_LENGTH(given) == length &&
           std::memcmp(PyUnicode_1BYTE_DATA(given), PyUnicode_1BYTE_DATA(name),
                       static_cast<std::size_t>(length)) == 0;
}

bool parse_call(const char* method, PyObject* const* arguments, Py_ssize_t count, PyObject* names,
                Py_ssize_t skip, call& parsed) noexcept {
    parsed = {arguments[skip], arguments + skip + 1, count - skip - 1,
              nullptr,         G_PRIORITY_DEFAULT,   false};
    bool given = false;
    if (names &&
        !(names == context_alone ? parse_context(method, arguments[count], parsed)
                                 : parse_named(method, arguments + count, names, parsed, given)))
        return false;
    if (priorities_in_use && !given) [[unlikely]]
        return inherited_priority(parsed.context, parsed.priority);
    return true;
}

PyObject* call_soon(PyObject* object, PyObject* const* arguments, Py_ssize_t count,
                    PyObject* names) {
    if (count < 1) [[unlikely]]
        return call_in_order(call_soon, "call_soon", {"callback"}, object, arguments, count, names);
    return soon(loop_of(object), "call_soon", false, arguments, count, names);
}

PyObject* call_soon_threadsafe(PyObject* object, PyObject* const* arguments, Py_ssize_t count,
                               PyObject* names) {
    if (count < 1) [[unlikely]]
        return call_in_order(call_soon_threadsafe, "call_soon_threadsafe", {"callback"}, object,
                             arguments, count, names);
    return soon(loop_of(object), "call_soon_threadsafe", true, arguments, count, names);
}

PyObject* call_later(PyObject* object, PyObject* const* arguments, Py_ssize_t count,
                     PyObject* names) {
    if (count < 2) [[unlikely]]
        return call_in_order(call_later, "call_later", {"delay", "callback"}, object, arguments,
                             count, names);
    call what;
    double delay = 0;
    if (!parse_call("call_later", arguments, count, names, 1, what) ||
        !parse_time(arguments[0], "delay", delay))
        return nullptr;
    return start_timer(loop_of(object), "call_later", what, loop_time(loop_of(object)) + delay);
}

PyObject* call_at(PyObject* object, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
    if (count < 2) [[unlikely]]
        return call_in_order(call_at, "call_at", {"when", "callback"}, object, arguments, count,
                             names);
    call what;
    double when = 0;
    if (!parse_call("call_at", arguments, count, names, 1, what) ||
        !parse_time(arguments[0], "when", when))
        return nullptr;
    return start_timer(loop_of(object), "call_at", what, when);
}

PyObject* time_method(PyObject* object, PyObject*) {
    return PyFloat_FromDouble(loop_time(loop_of(object)));
}

PyObject* set_priorities_in_use(PyObject*, PyObject*) {
    priorities_in_use = true;
    Py_RETURN_NONE;
}

bool add_calls(PyObject* module) noexcept {
    context_name = PyUnicode_InternFromString("context");
    priority_name = PyUnicode_InternFromString("priority");
    const auto usual = object::adopt(PyLong_FromLong(G_PRIORITY_DEFAULT));
    priority_variable = usual ? PyContextVar_New("gawait.priority", usual.get()) : nullptr;
    return context_name && priority_name && priority_variable &&
           PyModule_AddObjectRef(module, "priority", priority_variable) == 0;
}

} // namespace gawait::python
