#pragma once

#include <utility>

namespace gawait::detail {

class lifetime_watch;

/// A member of what others may outlive, whose end it tells them. They are of one thread.
class lifetime {
public:
    lifetime() noexcept = default;
    lifetime(const lifetime&) = delete;
    lifetime& operator=(const lifetime&) = delete;
    inline ~lifetime();

private:
    friend class lifetime_watch;

    lifetime_watch* first_ = nullptr;
};

/// Knows whether something is alive yet. Costs no memory but its own.
class lifetime_watch {
public:
    /// Watches nothing, which is not alive.
    lifetime_watch() noexcept = default;

    explicit lifetime_watch(lifetime& watched) noexcept
        : next_(watched.first_), place_(&watched.first_) {
        enter();
    }

    lifetime_watch(lifetime_watch&& other) noexcept
        : next_(other.next_), place_(std::exchange(other.place_, nullptr)) {
        enter();
    }

    lifetime_watch& operator=(lifetime_watch&& other) noexcept {
        if (this != &other) {
            forget();
            next_ = other.next_;
            place_ = std::exchange(other.place_, nullptr);
            enter();
        }
        return *this;
    }

    ~lifetime_watch() { forget(); }

    bool alive() const noexcept { return place_; }

    /// Watches nothing any more.
    void forget() noexcept {
        if (!place_)
            return;
        *place_ = next_;
        if (next_)
            next_->place_ = place_;
        place_ = nullptr;
    }

private:
    friend class lifetime;

    /// Puts itself where `place_` and `next_` say.
    void enter() noexcept {
        if (!place_)
            return;
        *place_ = this;
        if (next_)
            next_->place_ = &next_;
    }

    lifetime_watch* next_ = nullptr;
    lifetime_watch** place_ = nullptr; // what points to it; null, if it watches nothing
};

lifetime::~lifetime() {
    while (first_)
        first_->forget();
}

} // namespace gawait::detail
