#pragma once

#include "gawait/dbus/detail/serialiser.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <string_view>

namespace gawait::dbus::detail {

/// Reads values as they are in a message, and writes them as GVariant has them. What it refuses
/// need not be wrong: it is for what is usual.
class value_reader {
public:
    /// @param data from where a message begins, or its values do: what is aligned is so from there
    value_reader(std::string_view data, bool is_swapped) noexcept
        : data_(data), is_swapped_(is_swapped) {}

    std::size_t position() const noexcept { return position_; }
    bool at_end() const noexcept { return position_ == data_.size(); }

    /// False if there is not as much.
    bool align(std::size_t alignment) noexcept {
        position_ = (position_ + alignment - 1) & ~(alignment - 1);
        return position_ <= data_.size();
    }

    /// A number, which is aligned first. False if there is not as much.
    template <class Number> bool get(Number& into) noexcept {
        if (!align(sizeof(Number)) || data_.size() - position_ < sizeof(Number))
            return false;
        std::array<char, sizeof(Number)> bytes;
        std::memcpy(bytes.data(), data_.data() + position_, sizeof(Number));
        if (is_swapped_)
            std::reverse(bytes.begin(), bytes.end());
        into = std::bit_cast<Number>(bytes);
        position_ += sizeof(Number);
        return true;
    }

    /// A string, whose length is of that type. False if it has no null character behind it, or has
    /// one in it.
    template <class Length> bool get_text(std::string_view& into) noexcept {
        Length length = 0;
        if (!get(length) || data_.size() - position_ <= length)
            return false;
        into = data_.substr(position_, length);
        position_ += std::size_t{length} + 1;
        return into.data()[length] == '\0' && !std::memchr(into.data(), 0, length);
    }

    /// Values of the types of a signature, which is valid, as the members of a tuple.
    bool read_all(const char* signature, serialiser& into) noexcept {
        return read_members(signature, '\0', into);
    }

    /// One value, of the type that the signature begins with, which is then behind it.
    bool read_one(const char*& signature, serialiser& into) noexcept;

private:
    bool read_members(const char*& signature, char closing, serialiser& into) noexcept;
    bool read_array(const char*& signature, serialiser& into) noexcept;
    bool read_items(const char* signature, std::size_t end, serialiser& into) noexcept;
    bool read_variant(serialiser& into) noexcept;
    bool read_text(char type, serialiser& into) noexcept;
    template <class Number> bool read_number(serialiser& into) noexcept;
    bool read_boolean(serialiser& into) noexcept;

    std::string_view data_;
    bool is_swapped_;
    std::size_t position_ = 0;
    int depth_ = 0;
};

} // namespace gawait::dbus::detail
