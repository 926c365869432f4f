#pragma once

#include "python.hpp"

#include <vector>

namespace gawait::python {

/// The methods of a class that C++ does the work of without a call. A program may have put others
/// in their place, in the class or in one above it, and then has to have them called.
class original_methods {
public:
    /// Notes what a class and one above it, or it itself, have under some names, whose array ends
    /// with null. False with an exception set if they lack one.
    bool remember(PyTypeObject* type, PyTypeObject* above, const char* const* names) noexcept;

    /// Whether that class is the type of an object, not one derived from it, and has them still.
    bool are_of(PyObject* object) noexcept {
        return Py_TYPE(object) == type_ &&
               ((version_ && version_ == type_->tp_version_tag) || look_again());
    }

    /// Whether it is the name of one.
    bool have(PyObject* name) const noexcept;

private:
    struct method {
        PyTypeObject* of;
        PyObject* name; // interned
        PyObject* function;
    };

    bool look_again() noexcept;

    PyTypeObject* type_ = nullptr;
    std::vector<method> methods_;
    // Python's own number of what the class and those above it are. 0: not known.
    unsigned int version_ = 0;
};

} // namespace gawait::python
