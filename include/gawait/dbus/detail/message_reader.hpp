#pragma once

#include "gawait/dbus/detail/message_header.hpp"

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace gawait::dbus::detail {

/// A message that came. It may be kept and copied.
struct GAWAIT_API received_message {
    message_header header;
    std::string_view bytes;
    ref<GUnixFDList> descriptors; // null if there are none
    std::shared_ptr<const char[]> memory;

    /// As GDBus has it.
    ///
    /// @param failure takes what is wrong with it, where null is returned
    ref<GDBusMessage> parsed(GError** failure) const noexcept;
};

/// Reads the messages that come by a socket, and keeps the descriptors that come along for the
/// messages that they belong to.
class GAWAIT_API message_reader {
public:
    message_reader() noexcept = default;
    message_reader(const message_reader&) = delete;
    message_reader& operator=(const message_reader&) = delete;
    ~message_reader();

    enum class state {
        some,    // something came
        nothing, // nothing is there now
        ended    // nothing more comes, or what came cannot be had
    };

    /// Reads once, without blocking.
    state receive(int socket) noexcept;

    enum class found {
        message,
        nothing, // no whole message is there
        garbage  // what comes next is no message
    };

    /// Takes the next message.
    found next(received_message& into) noexcept;

    /// What was not taken. It is valid until something is received.
    std::string_view rest() const noexcept {
        return block_ ? std::string_view(block_.get() + begin_, end_ - begin_) : std::string_view();
    }

    /// Drops so much of the rest.
    void skip(std::size_t size) noexcept { begin_ += size; }

    /// Drops all that was not taken.
    void clear() noexcept;

private:
    void make_room() noexcept;
    bool take_descriptors(received_message& of) noexcept;

    std::shared_ptr<char[]> block_; // shared with messages that were taken: they do not move
    std::size_t capacity_ = 0;
    std::size_t begin_ = 0, end_ = 0;
    std::vector<int> descriptors_; // owned, in the order in which they came
};

} // namespace gawait::dbus::detail
