#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/detail/environment.hpp"
#include "gawait/engine/engine.hpp"
#include "gawait/engine/profile.hpp"
#include "gawait/engine/unfinished.hpp"

#include <glib.h>

#include <string>

namespace gawait::detail {

/// What `dump_tasks()` shows: what a coroutine waits for, or a coroutine that nobody awaits.
class GAWAIT_API pending : public unfinished {
public:
    enum class role {
        wait,      // of a coroutine
        operation, // that a coroutine waits for
        task,      // from its beginning to its end
        call,      // of a function of this program, which a coroutine answers
    };

    /// What those of a class have in common.
    struct kind {
        pending::role role;

        /// What it is called, or null: by its function.
        const char* name;

        /// Adds what is known besides; or null.
        void (*details)(const pending& self, std::string& to) = nullptr;
    };

    const kind& of() const noexcept { return *kind_; }

    /// The C function that began it, or null.
    gconstpointer begun_by() const noexcept { return function_; }

    /// Of the coroutine that waits, or that which the coroutines of the task are awaited by.
    const environment& where() const noexcept { return *where_; }

protected:
    /// @param of lives for ever.
    explicit pending(const kind& of, gconstpointer function = nullptr) noexcept
        : kind_(&of), function_(function) {}
    pending(pending&& other) noexcept = default;
    pending& operator=(pending&&) = delete;
    ~pending() = default;

    void enter(const environment& where) noexcept {
        where_ = &where;
        if (profile::recording) [[unlikely]]
            mark_begin();
        unfinished::enter(*where.home);
        if (kind_->role == role::operation)
            where.home->begin_operation();
    }

    void leave() noexcept {
        if (profile::recording) [[unlikely]]
            mark_end();
        unfinished::leave();
        if (kind_->role == role::operation)
            where_->home->end_operation();
    }

private:
    void mark_begin() noexcept;
    void mark_end() const noexcept;

    const kind* kind_;
    gconstpointer function_;
    const environment* where_ = nullptr;
};

} // namespace gawait::detail
