#pragma once

#include "gawait/dbus/detail/serialiser.hpp"
#include "python.hpp"

#include <gio/gio.h>

#include <vector>

namespace gawait::python {

using dbus::detail::serialiser;

/// A value while it is packed: what is written of it, and what is wrong with it.
class packing {
public:
    /// @param takes_descriptors whether there may be file descriptors in it
    explicit packing(bool takes_descriptors) noexcept : takes_descriptors_(takes_descriptors) {}
    packing(const packing&) = delete;
    packing& operator=(const packing&) = delete;
    ~packing();

    serialiser bytes;

    /// Says what is wrong with a part: its place is put before the text by the parts that it is
    /// in, as they return. Returns false, as they do.
    bool refuse(PyObject* exception, const char* format, ...) noexcept;

    /// Says that a part is of another type.
    bool refuse_type(const char* expected, PyObject* given) noexcept;

    // Say where that was, or where a user's code raised an exception. They return false.
    bool in_item(Py_ssize_t index) noexcept { return within("item %zd", index); }
    bool in_key(PyObject* key) noexcept { return within("key %R", key); }
    bool in_value_of(PyObject* key) noexcept { return within("value of key %R", key); }
    bool in_field(PyObject* name) noexcept { return within("field '%U'", name); }
    bool in_argument(PyObject* name) noexcept;

    /// Raises what was wrong.
    ///
    /// @param what a str that names the value
    void raise_refusal(PyObject* what) noexcept;

    /// Adds a duplicate of a descriptor, and returns its index; -1 if it was refused.
    int add_descriptor(int descriptor) noexcept;

    /// Those that were added; null if there are none.
    ref<GUnixFDList> take_descriptors() noexcept;

    /// A container that the rest is in, for a C++ scope. False if D-Bus does not allow as many in
    /// one another.
    class nested {
    public:
        explicit nested(packing& in) noexcept : in_(in), allowed_(in.enter()) {}
        nested(const nested&) = delete;
        nested& operator=(const nested&) = delete;
        ~nested() { --in_.depth_; }
        explicit operator bool() const noexcept { return allowed_; }

    private:
        packing& in_;
        bool allowed_;
    };

    /// Of all kinds in one another.
    static constexpr int most_containers = 64;

private:
    bool within(const char* format, ...) noexcept;
    bool enter() noexcept;

    std::vector<int> descriptors_;
    bool takes_descriptors_;
    int depth_ = 0;
    PyObject* exception_ = nullptr; // the class of a refusal; borrowed
    object text_;
    object place_; // before the text
    bool is_placed_ = true;
    object argument_; // the name of one
};

} // namespace gawait::python
