#pragma once

#include "python.hpp"

#include <gio/gio.h>

namespace gawait::python {

/// Of a result of an operation that Python began: what it gave with the callback. It lives as
/// long as the result, in its object's dictionary, where the garbage collector finds a cycle
/// through it. `None` if nothing was given, the object, or a tuple of several.
///
/// A `GAsyncResult` itself has a pointer to what PyGObject, or we, call back with, which is gone
/// after the callback.
///
/// What is no `Gio.AsyncResult` is left alone. Returns false with an exception set on failure.
///
/// @param by the introspected function that began it, interned by GLib; null if that is not known
bool keep_user_data(PyObject* result, const char* by, PyObject* const* given,
                    Py_ssize_t count) noexcept;

/// The same of one for which no Python object was made, and that was given nothing.
void mark_begun(GAsyncResult* result, const char* by) noexcept;

/// Null if that is not known.
const char* begun_by(PyObject* result) noexcept;

/// Empty without an exception if Python did not begin it.
object kept_user_data(PyObject* result) noexcept;

/// Keeps an object alive with the one of a GObject, under a name: not by the class's
/// `__setattr__()`, which may refuse it. Returns false with an exception set on failure.
bool keep_with(PyObject* gobject, PyObject* name, PyObject* value) noexcept;

bool prepare_user_data() noexcept;

} // namespace gawait::python
