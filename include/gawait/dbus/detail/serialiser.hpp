#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/ref.hpp"

#include <glib.h>

#include <cstring>
#include <vector>

namespace gawait::dbus::detail {

/// Writes a value of GVariant's in its serialised form, which takes a twentieth of what a tree of
/// `GVariant`s does, and which GDBus reads as quickly.
///
/// Offsets are counted from the beginning, where memory is aligned for everything: what is aligned
/// there is so in its container too.
class GAWAIT_API serialiser {
public:
    serialiser() noexcept = default;
    serialiser(const serialiser&) = delete;
    serialiser& operator=(const serialiser&) = delete;
    ~serialiser();

    gsize size() const noexcept { return size_; }

    /// Pads to a multiple of a power of two.
    void align(gsize alignment) noexcept {
        while (size_ & (alignment - 1))
            *extend(1) = 0;
    }

    /// Makes room at the end, which is to be filled before anything else is done.
    char* extend(gsize bytes) noexcept {
        if (capacity_ - size_ < bytes) [[unlikely]]
            grow(bytes);
        char* const space = data_ + size_;
        size_ += bytes;
        return space;
    }

    /// A value of fixed size, aligned.
    template <class Value> void put(Value value) noexcept {
        align(sizeof(Value));
        std::memcpy(extend(sizeof(Value)), &value, sizeof(Value));
    }

    /// The value, of that type, when all is written.
    ref<GVariant> take(const GVariantType* type) noexcept;

    /// A container, from its beginning to its `finish_...()`.
    class GAWAIT_API container {
    public:
        explicit container(serialiser& to) noexcept
            : to_(to), begin_(to.size_), first_(to.ends_.size()) {}
        container(const container&) = delete;
        container& operator=(const container&) = delete;
        ~container() { to_.ends_.resize(first_); }

        gsize begin() const noexcept { return begin_; }

        /// Behind a child of varying size that a reader has to find the end of.
        void end_child() noexcept { to_.ends_.push_back(to_.size_ - begin_); }

        void finish_array() noexcept;
        void finish_structure() noexcept;

    private:
        gsize width_of_offsets() const noexcept;
        void put_offset(gsize end, gsize width) noexcept;

        serialiser& to_;
        gsize begin_;
        std::size_t first_; // among `ends_`
    };

private:
    void grow(gsize bytes) noexcept;

    alignas(16) char inline_[512];
    char* data_ = inline_;
    gsize size_ = 0;
    gsize capacity_ = sizeof inline_;
    std::vector<gsize> ends_; // of children of all open containers
};

} // namespace gawait::dbus::detail
