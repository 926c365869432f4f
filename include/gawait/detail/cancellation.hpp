#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/engine/engine.hpp"
#include "gawait/engine/job.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <atomic>
#include <mutex>

namespace gawait::detail {

/// One node in a tree of cancellation: what all tasks share that are cancelled
/// together, and the one `GCancellable` that every operation awaited in them gets.
///
/// A request made of a node reaches all nodes below it, and never its parent. It
/// cannot be taken back. A node is used by the tasks under it and must outlive
/// them, which structured concurrency sees to.
class GAWAIT_API cancellation {
public:
    /// Something that waits and wants to be told. The job is posted to the home
    /// engine of whoever waits when the request comes, from whatever thread.
    class waiter : public job {
    protected:
        explicit waiter(function called) noexcept : job(called) {}
        waiter(waiter&&) noexcept = default;
        waiter& operator=(waiter&&) = delete;
        ~waiter() = default;

    private:
        friend class cancellation;

        engine* home_ = nullptr;
        waiter* previous_ = nullptr;
        waiter* next_ = nullptr;
        bool linked_ = false;
    };

    /// @param parent what this node is below, or null for the root of a tree.
    explicit cancellation(cancellation* parent = nullptr) noexcept;

    /// The root of a tree that a `GCancellable` from elsewhere cancels, which is the
    /// node's own too: operations are handed it as it is, and as long as nothing else
    /// waits under the node, it is not even connected to.
    ///
    /// @param source borrowed: must outlive the node. May be null.
    explicit cancellation(GCancellable* source) noexcept;

    cancellation(const cancellation&) = delete;
    cancellation& operator=(const cancellation&) = delete;
    ~cancellation();

    /// Cancels everything under this node. From any thread, any number of times.
    ///
    /// No coroutine is resumed before this returns, they are told through their
    /// engines. What other code connected to the `GCancellable` does run.
    void request() noexcept;

    /// Whether a request was made of this node or one above it, or has come through its
    /// `GCancellable`. From any thread.
    bool requested() const noexcept {
        return requested_.load(std::memory_order_acquire) ||
               (source_ && g_cancellable_is_cancelled(source_));
    }

    /// The node's `GCancellable`, made when it is first asked for, if it has none from
    /// elsewhere. Borrowed; from any thread.
    GCancellable* cancellable() noexcept {
        GCancellable* made = cancellable_.load(std::memory_order_acquire);
        return made ? made : make_cancellable();
    }

    /// Adds a waiter.
    ///
    /// @return false if the request came already; the waiter is not added then.
    bool add(waiter& added, engine& home) noexcept;

    /// Runs `decide(linked)` while no request can come in between, and takes the
    /// waiter out. `linked` says whether it was in: if not, the request has posted
    /// its job.
    template <class Decide> void settle(waiter& settled, Decide decide) noexcept {
        const std::lock_guard guard(*lock_);
        const bool linked = settled.linked_;
        if (linked)
            unlink(settled);
        decide(linked);
    }

private:
    friend class cancellable_link;

    static gulong connect(GCancellable* source, cancellation& target) noexcept;
    GCancellable* make_cancellable() noexcept;
    void heed_source() noexcept;
    void mark_all(GSList** to_cancel) noexcept;
    bool mark(GSList** to_cancel) noexcept;
    void unlink(waiter& gone) noexcept;

    cancellation* const parent_;
    std::mutex own_lock_;
    std::mutex* const lock_; // the root's own: one lock a tree
    std::atomic<bool> requested_{false};
    std::atomic<GCancellable*> cancellable_{nullptr}; // owned
    gulong connection_ = 0;
    GCancellable* const source_ = nullptr;
    std::atomic<bool> heeds_source_{false};
    // GLib's locks order what its threads do here; this says so in terms of C++, for tools
    // that do not see into GLib.
    std::atomic<bool> handed_over_{false};
    waiter* waiters_ = nullptr;
    cancellation* children_ = nullptr;
    cancellation* previous_ = nullptr; // among the parent's children
    cancellation* next_ = nullptr;
};

/// Requests a node's cancellation when a `GCancellable` from elsewhere is cancelled.
class GAWAIT_API cancellable_link {
public:
    /// @param source may be null, and cancelled already. A reference is kept.
    cancellable_link(GCancellable* source, cancellation& target) noexcept;
    cancellable_link(const cancellable_link&) = delete;
    cancellable_link& operator=(const cancellable_link&) = delete;
    ~cancellable_link();

private:
    ref<GCancellable> source_;
    gulong connection_ = 0;
};

} // namespace gawait::detail
