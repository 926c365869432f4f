#include "gawait/detail/pending.hpp"

#include "detail/task_names.hpp"

#include <mutex>

namespace gawait::detail {
namespace {

/// Reading the symbols of a program takes long: once for all marks.
struct {
    std::mutex lock;
    task_names names;
} shared;

} // namespace

/// The frame of a coroutine that has ended does not tell its function any more.
void pending::mark_begin() noexcept {
    if (kind_->role == role::task)
        function_ = resumed_by(*where_);
}

void pending::mark_end() const noexcept {
    const std::lock_guard guard(shared.lock);
    switch (kind_->role) {
    case role::wait:
        break;
    case role::operation:
        profile::mark(since(), "operation", shared.names.of_wait(*this).c_str());
        break;
    case role::task:
        // What only passes on what it awaits has no name: the other has.
        if (const auto name = shared.names.of_coroutine(*where_, function_); !name.empty())
            profile::mark(since(), "task", name.c_str());
        break;
    case role::call:
        profile::mark(since(), "task", shared.names.of_wait(*this).c_str());
        break;
    }
}

} // namespace gawait::detail
