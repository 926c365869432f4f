#pragma once

#include "awaiting/async_function.hpp"
#include "python.hpp"

#include <memory>

namespace gawait::python {

/// What an awaitable object is: a function, and what it was bound to, if that is in the object
/// and does not come as the first argument.
struct awaitable_part {
    std::shared_ptr<const async_function> function;
    object bound;

    /// How many of the function's arguments are in the object.
    Py_ssize_t skipped() const noexcept { return bound ? 1 : 0; }

    /// Whether so many positional arguments include the callback.
    bool include_callback(Py_ssize_t count) const noexcept {
        return skipped() + count > function->count();
    }

    /// Whether a call of so many positional arguments is none of ours.
    bool goes_through(Py_ssize_t count) const noexcept {
        return include_callback(count) && !function->refusal;
    }
};

/// Which of PyGObject's functions are awaitable, by the address of their objects.
///
/// The objects themselves have no room for it: PyGObject allocates them, some before gawait is
/// imported, in the size of its own type, and uses all of that; and a bound copy does not tell
/// what it was made of. An entry is gone before its object's memory is.
namespace awaitables {

/// Null if the object is not awaitable. Valid while the object lives.
const awaitable_part* find(PyObject* info) noexcept;

void insert(PyObject* info, awaitable_part part) noexcept;
void forget(PyObject* info) noexcept;

} // namespace awaitables

} // namespace gawait::python
