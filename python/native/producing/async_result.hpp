#pragma once

#include "python.hpp"

namespace gawait::python {

/// Adds to the module what `async_result.py` needs of the C side of `Gio.AsyncResult`: user data
/// and tags are pointers there, and PyGObject hands neither of them to Python.
///
/// `fill_async_result(class)` puts functions of ours into the interface's structure of a Python
/// class, which call its `do_...` methods. The tag that `do_is_tagged()` gets is what the function
/// that `convert_tags()` was given makes of its address, and of the result.
bool add_async_result(PyObject* module) noexcept;

} // namespace gawait::python
