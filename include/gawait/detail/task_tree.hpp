#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/engine/engine.hpp"

#include <gio/gio.h>

#include <chrono>
#include <list>
#include <string>

namespace gawait::detail {

/// A task, coroutine or wait, and what it awaits.
struct task_tree {
    std::string text;
    std::list<task_tree> awaits; // which others point to

    /// Of an operation: the user data that its C function has. Of a call that a coroutine
    /// answers: that which it was called with. Where they are the same, the one is the other.
    gconstpointer begins = nullptr;
    gconstpointer answers = nullptr;

    /// Of such a call: what it was called with, for who knows no more. Borrowed; may be null.
    GCancellable* cancellable = nullptr;
};

/// What is in flight on a context, by what awaits it. What is answered by another coroutine of the
/// context is below what awaits that.
///
/// @throws error from a thread that may not use the engine.
GAWAIT_API std::list<task_tree> tasks_of(const engine& home);

/// As "1.2 s", "310 ms".
GAWAIT_API std::string text_of(std::chrono::nanoseconds time);

} // namespace gawait::detail
