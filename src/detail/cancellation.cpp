#include "gawait/detail/cancellation.hpp"

#include <utility>

namespace gawait::detail {

gulong cancellation::connect(GCancellable* source, cancellation& target) noexcept {
    target.handed_over_.store(true, std::memory_order_release);
    return g_cancellable_connect(source, G_CALLBACK(+[](GCancellable*, gpointer node) {
                                     auto& self = *static_cast<cancellation*>(node);
                                     self.handed_over_.load(std::memory_order_acquire);
                                     self.request();
                                     self.handed_over_.store(true, std::memory_order_release);
                                 }),
                                 &target, nullptr);
}

cancellation::cancellation(cancellation* parent) noexcept
    : parent_(parent), lock_(parent ? parent->lock_ : &own_lock_) {
    if (!parent)
        return;
    if (!parent->requested())
        parent->heed_source();
    const std::lock_guard guard(*lock_);
    requested_.store(parent->requested(), std::memory_order_relaxed);
    next_ = parent->children_;
    if (next_)
        next_->previous_ = this;
    parent->children_ = this;
}

cancellation::cancellation(GCancellable* source) noexcept
    : parent_(nullptr), lock_(&own_lock_), cancellable_(source), source_(source) {}

cancellation::~cancellation() {
    if (parent_) {
        const std::lock_guard guard(*lock_);
        if (previous_)
            previous_->next_ = next_;
        else
            parent_->children_ = next_;
        if (next_)
            next_->previous_ = previous_;
    }
    if (source_) {
        if (connection_)
            g_cancellable_disconnect(source_, connection_);
    } else if (GCancellable* made = cancellable_.load(std::memory_order_acquire)) {
        // Waits for a request() that another thread makes through it just now.
        g_cancellable_disconnect(made, connection_);
        g_object_unref(made);
    }
    handed_over_.load(std::memory_order_acquire);
}

void cancellation::request() noexcept {
    // Not a std::vector: this must not throw.
    GSList* to_cancel = nullptr;
    {
        const std::lock_guard guard(*lock_);
        mark_all(&to_cancel);
    }
    // Without the lock: handlers of the signal may do anything.
    to_cancel = g_slist_reverse(to_cancel);
    for (GSList* each = to_cancel; each; each = each->next)
        g_cancellable_cancel(static_cast<GCancellable*>(each->data));
    g_slist_free_full(to_cancel, g_object_unref);
}

// Not by recursion: a tree may be deeper than the stack.
void cancellation::mark_all(GSList** to_cancel) noexcept {
    cancellation* at = this;
    for (;;) {
        if (at->mark(to_cancel) && at->children_) {
            at = at->children_;
            continue;
        }
        while (at != this && !at->next_)
            at = at->parent_;
        if (at == this)
            return;
        at = at->next_;
    }
}

bool cancellation::mark(GSList** to_cancel) noexcept {
    if (requested_.exchange(true, std::memory_order_acq_rel))
        return false; // and so are all below
    GCancellable* made = cancellable_.load(std::memory_order_relaxed);
    if (made && !source_)
        *to_cancel = g_slist_prepend(*to_cancel, g_object_ref(made));
    while (waiter* told = waiters_) {
        unlink(*told);
        told->home_->post(*told);
    }
    return true;
}

bool cancellation::add(waiter& added, engine& home) noexcept {
    if (requested())
        return false;
    heed_source();
    const std::lock_guard guard(*lock_);
    if (requested_.load(std::memory_order_relaxed))
        return false;
    added.home_ = &home;
    added.linked_ = true;
    added.next_ = waiters_;
    added.previous_ = nullptr;
    if (waiters_)
        waiters_->previous_ = &added;
    waiters_ = &added;
    return true;
}

void cancellation::unlink(waiter& gone) noexcept {
    gone.linked_ = false;
    if (gone.previous_)
        gone.previous_->next_ = gone.next_;
    else
        waiters_ = gone.next_;
    if (gone.next_)
        gone.next_->previous_ = gone.previous_;
}

// Not under the lock: the request may come at once. Nor in a handler of the source, which
// GLib does not allow.
void cancellation::heed_source() noexcept {
    if (!source_ || heeds_source_.exchange(true, std::memory_order_relaxed)) [[likely]]
        return;
    connection_ = connect(source_, *this);
}

GCancellable* cancellation::make_cancellable() noexcept {
    auto fresh = ref<GCancellable>::adopt(g_cancellable_new());
    const gulong connection = connect(fresh, *this);
    {
        const std::lock_guard guard(*lock_);
        if (GCancellable* made = cancellable_.load(std::memory_order_relaxed)) {
            g_cancellable_disconnect(fresh, connection);
            return made;
        }
        connection_ = connection;
        cancellable_.store(fresh.get(), std::memory_order_release);
    }
    GCancellable* made = fresh.release();
    if (requested_.load(std::memory_order_acquire))
        g_cancellable_cancel(made);
    return made;
}

cancellable_link::cancellable_link(GCancellable* source, cancellation& target) noexcept
    : source_(ref<GCancellable>::retain(source)),
      connection_(source ? cancellation::connect(source, target) : 0) {}

cancellable_link::~cancellable_link() { g_cancellable_disconnect(source_, connection_); }

} // namespace gawait::detail
