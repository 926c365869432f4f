#pragma once

#include "python.hpp"

#include <cstddef>

namespace gawait::python {

/// The memory of an object that has some, for a C++ scope.
class memory {
public:
    memory() noexcept = default;
    memory(const memory&) = delete;
    memory& operator=(const memory&) = delete;
    ~memory() { release(); }

    /// False with an exception set on failure.
    bool get(PyObject* from, int flags) noexcept {
        held_ = PyObject_GetBuffer(from, &view_, flags) == 0;
        return held_;
    }

    void release() noexcept {
        if (std::exchange(held_, false))
            PyBuffer_Release(&view_);
    }

    explicit operator bool() const noexcept { return held_; }
    char* data() const noexcept { return static_cast<char*>(view_.buf); }
    std::size_t size() const noexcept { return static_cast<std::size_t>(view_.len); }

private:
    Py_buffer view_{};
    bool held_ = false;
};

} // namespace gawait::python
