#pragma once

#include <glib.h>

#include <cstring>
#include <string>
#include <string_view>

namespace gawait::dbus::detail {

/// Writes values as they are in a message, behind what is in a buffer. What is aligned is so from
/// where it began.
class value_writer {
public:
    explicit value_writer(std::string& into) noexcept : into_(into), begin_(into.size()) {}

    /// How much it has written.
    std::size_t size() const noexcept { return into_.size() - begin_; }

    void align(std::size_t alignment) noexcept { into_.append(-size() & (alignment - 1), '\0'); }

    /// A number, which is aligned first.
    template <class Number> void put(Number number) noexcept {
        align(sizeof(Number));
        into_.append(reinterpret_cast<const char*>(&number), sizeof(Number));
    }

    template <class Number> void put_at(std::size_t position, Number number) noexcept {
        std::memcpy(into_.data() + begin_ + position, &number, sizeof(Number));
    }

    void put_text(std::string_view text) noexcept {
        put(static_cast<guint32>(text.size()));
        into_.append(text).push_back('\0');
    }

    /// At most 255 characters long.
    void put_signature(std::string_view signature) noexcept {
        put(static_cast<char>(signature.size()));
        into_.append(signature).push_back('\0');
    }

    /// What is in a tuple. False, with a part of it written, if D-Bus cannot carry that.
    bool write_members(GVariant* tuple) noexcept;

private:
    bool write(GVariant* value) noexcept;
    bool write_container(GVariant* value, GVariantClass of) noexcept;
    bool write_variant(GVariant* value) noexcept;
    bool write_array(GVariant* value) noexcept;

    std::string& into_;
    std::size_t begin_;
    int depth_ = 0;
};

} // namespace gawait::dbus::detail
