#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace gawait::dbus::detail {

/// Messages that wait to be written to a socket, each with its descriptors.
class GAWAIT_API message_queue {
public:
    bool empty() const noexcept { return begin_ == bytes_.size(); }

    /// Appends what `write` writes behind what is in a buffer.
    ///
    /// @param descriptors may be null
    /// @return false if `write` has, and then nothing is appended.
    template <class Write> bool append_written(GUnixFDList* descriptors, Write write) noexcept {
        const std::size_t begin = bytes_.size();
        if (!write(bytes_))
            return false;
        if (descriptors)
            descriptors_.push_back({begin, ref<GUnixFDList>::retain(descriptors)});
        return true;
    }

    void append(std::string_view message, GUnixFDList* descriptors = nullptr) noexcept {
        append_written(descriptors, [message](std::string& into) {
            into.append(message);
            return true;
        });
    }

    /// Takes over all of another.
    void append(message_queue&& other) noexcept;

    /// Writes as much as there is room for, without blocking.
    ///
    /// @return false if nothing can be written any more.
    bool send(int socket) noexcept;

private:
    struct attached {
        std::size_t at; // in the bytes: the descriptors go with that one
        ref<GUnixFDList> descriptors;
    };

    void drop_sent() noexcept;

    std::string bytes_;
    std::size_t begin_ = 0; // of what was not sent
    std::deque<attached> descriptors_;
};

} // namespace gawait::dbus::detail
