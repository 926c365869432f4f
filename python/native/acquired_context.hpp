#pragma once

#include "python.hpp"

#include <glib.h>

namespace gawait::python {

/// The context, held by this thread for a C++ scope, if no other one has it.
class acquired_context {
public:
    explicit acquired_context(GMainContext* context) noexcept
        : context_(g_main_context_acquire(context) ? context : nullptr) {}

    acquired_context(const acquired_context&) = delete;
    acquired_context& operator=(const acquired_context&) = delete;

    ~acquired_context() {
        if (context_)
            g_main_context_release(context_);
    }

    explicit operator bool() const noexcept { return context_; }

    /// Sets an exception if another thread has the context.
    bool or_raise() const noexcept {
        if (!context_)
            PyErr_SetString(PyExc_RuntimeError,
                            "The event loop's GLib.MainContext is iterated by another thread");
        return context_;
    }

private:
    GMainContext* context_;
};

} // namespace gawait::python
