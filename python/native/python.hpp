#pragma once

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <cerrno>
#include <unistd.h>

#include <tuple>
#include <utility>

namespace gawait::python {

/// Returns what a function returns that may take the GIL. While the interpreter exits, Python
/// up to 3.13 unwinds the threads that ask for it, which would end the process at the first
/// noexcept function; they stay here instead, as they stay in Python itself since 3.14.
template <class Function>
[[gnu::always_inline]] inline auto unless_exiting(Function function) noexcept {
    try {
        return function();
    } catch (...) {
        for (;;)
            pause();
    }
}

/// Owns one reference to a Python object, or is empty. Only with the GIL held.
class object {
public:
    object() noexcept = default;

    /// Takes over a reference; null gives an empty object.
    static object adopt(PyObject* owned) noexcept { return object(owned); }

    /// Takes a reference of its own; null gives an empty object.
    static object retain(PyObject* borrowed) noexcept { return object(Py_XNewRef(borrowed)); }

    object(const object& other) noexcept : object(Py_XNewRef(other.object_)) {}
    object(object&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}

    object& operator=(object other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }

    ~object() {
        unless_exiting([this] { Py_XDECREF(object_); });
    }

    /// Borrowed.
    PyObject* get() const noexcept { return object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }

    /// Gives the reference to the caller.
    [[nodiscard]] PyObject* release() noexcept { return std::exchange(object_, nullptr); }

private:
    explicit object(PyObject* owned) noexcept : object_(owned) {}

    PyObject* object_ = nullptr;
};

/// Takes the exception that is set, as an object; there must be one.
inline object take_exception() noexcept {
#if PY_VERSION_HEX >= 0x030C0000
    return object::adopt(PyErr_GetRaisedException());
#else
    PyObject *type = nullptr, *value = nullptr, *traceback = nullptr;
    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback)
        PyException_SetTraceback(value, traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return object::adopt(value);
#endif
}

/// Raises an exception that `take_exception()` took.
inline void raise(object exception) noexcept {
#if PY_VERSION_HEX >= 0x030C0000
    PyErr_SetRaisedException(exception.release());
#else
    PyObject* traceback = PyException_GetTraceback(exception.get());
    PyErr_Restore(Py_NewRef(Py_TYPE(exception.get())), exception.get(), traceback);
    std::ignore = exception.release();
#endif
}

/// What a weak reference refers to; empty if that is gone.
inline object referred_to(const object& weak) noexcept {
#if PY_VERSION_HEX >= 0x030D0000
    PyObject* found = nullptr;
    PyWeakref_GetRef(weak.get(), &found);
    return object::adopt(found);
#else
    PyObject* const found = PyWeakref_GetObject(weak.get());
    return found == Py_None ? object() : object::retain(found);
#endif
}

/// Whether an exception, or the class of one, ends the run of a loop: SystemExit and
/// KeyboardInterrupt.
inline bool is_interrupt(PyObject* raised) noexcept {
    return PyErr_GivenExceptionMatches(raised, PyExc_SystemExit) ||
           PyErr_GivenExceptionMatches(raised, PyExc_KeyboardInterrupt);
}

/// Raises an OSError.
inline void raise_os_error(int number) noexcept {
    errno = number;
    PyErr_SetFromErrno(PyExc_OSError);
}

/// Whether this thread holds the GIL. From any thread. Not `PyGILState_Check()`, which says so of
/// every thread once there was a subinterpreter.
inline bool holds_gil() noexcept {
#if PY_VERSION_HEX >= 0x030D0000
    return PyThreadState_GetUnchecked();
#elif PY_VERSION_HEX >= 0x030C0000
    return _PyThreadState_UncheckedGet();
#else
    // The state of whichever thread it is that holds it.
    const PyThreadState* const holder = _PyThreadState_UncheckedGet();
    return holder && holder == PyGILState_GetThisThreadState();
#endif
}

/// Holds the GIL for a C++ scope. From any thread.
class with_gil {
public:
    with_gil() noexcept : state_(unless_exiting(PyGILState_Ensure)) {}
    with_gil(const with_gil&) = delete;
    with_gil& operator=(const with_gil&) = delete;
    ~with_gil() { PyGILState_Release(state_); }

private:
    PyGILState_STATE state_;
};

/// Lets go of the GIL for a C++ scope.
class without_gil {
public:
    without_gil() noexcept : state_(PyEval_SaveThread()) {}
    without_gil(const without_gil&) = delete;
    without_gil& operator=(const without_gil&) = delete;
    ~without_gil() {
        unless_exiting([this] { PyEval_RestoreThread(state_); });
    }

private:
    PyThreadState* state_;
};

/// What a module holds under a name, imported if need be; null with an exception set on failure.
inline PyObject* import_attribute(const char* module, const char* name) noexcept {
    const auto imported = object::adopt(PyImport_ImportModule(module));
    return imported ? PyObject_GetAttrString(imported.get(), name) : nullptr;
}

/// `import_attribute()` of a class.
inline PyTypeObject* import_type(const char* module, const char* name) noexcept {
    return reinterpret_cast<PyTypeObject*>(import_attribute(module, name));
}

/// Makes a type from its specification, and adds it to the module. Returns null with an
/// exception set on failure.
inline PyTypeObject* add_type(PyObject* module, PyType_Spec& spec, PyTypeObject* base = nullptr) {
    auto type =
        object::adopt(PyType_FromModuleAndSpec(module, &spec, reinterpret_cast<PyObject*>(base)));
    if (!type || PyModule_AddType(module, reinterpret_cast<PyTypeObject*>(type.get())) < 0)
        return nullptr;
    return reinterpret_cast<PyTypeObject*>(type.release());
}

/// What C's tables of methods hold, whatever the calling convention is.
template <class Function> PyCFunction method(Function* function) noexcept {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

/// What C's tables of slots hold.
template <class Function> void* slot(Function* function) noexcept {
    return reinterpret_cast<void*>(function);
}

} // namespace gawait::python
