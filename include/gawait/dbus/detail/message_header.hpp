#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace gawait::dbus::detail {

/// What is before the values in a message of D-Bus.
struct GAWAIT_API message_header {
    /// So many bytes tell how long a message is.
    static constexpr std::size_t fixed_size = 16;

    static constexpr std::size_t longest_message = std::size_t{128} << 20;
    static constexpr std::size_t longest_array = std::size_t{64} << 20;
    static constexpr int most_containers = 64; // of all kinds in one another

    guint8 type = G_DBUS_MESSAGE_TYPE_INVALID; // GDBusMessageType, or another
    guint8 flags = 0;                          // GDBusMessageFlags
    bool is_swapped = false; // its numbers are in the other byte order than this machine's
    guint32 serial = 0;
    guint32 reply_serial = 0; // 0: of nothing, as below
    guint32 descriptors = 0;  // how many come with it

    // Views of the message, with a null character behind each. Empty if they are not told.
    std::string_view path;
    std::string_view interface;
    std::string_view member;
    std::string_view error_name;
    std::string_view destination;
    std::string_view sender;
    std::string_view signature; // of the values

    std::string_view body; // the values as they are sent

    /// How long a message is.
    ///
    /// @param begin its first `fixed_size` bytes
    /// @return 0 if that is no message, or one that is longer than D-Bus allows.
    static std::size_t length_of(std::string_view begin) noexcept;

    /// Reads a whole message, as long as `length_of()` says.
    ///
    /// @return false if it is none that this understands; another reader may.
    bool read(std::string_view message) noexcept;

    /// The values, of a message that was read.
    ///
    /// @return null if they are not what the signature says, or none that this understands.
    ref<GVariant> values() const noexcept;
};

/// What a message says that is written. The strings are valid, or null: then they are not told.
struct message_to_write {
    GDBusMessageType type;
    unsigned flags = 0; // GDBusMessageFlags
    guint32 serial = 0; // which is to be given
    guint32 reply_serial = 0;
    guint32 descriptors = 0;
    const char* path = nullptr;
    const char* interface = nullptr;
    const char* member = nullptr;
    const char* error_name = nullptr;
    const char* destination = nullptr;
    GVariant* values; // a tuple
};

/// Writes a message behind what is in a buffer.
///
/// @return false if there is something in the values that D-Bus cannot carry: then nothing is
///     written.
GAWAIT_API bool write_message(const message_to_write& message, std::string& into) noexcept;

} // namespace gawait::dbus::detail
