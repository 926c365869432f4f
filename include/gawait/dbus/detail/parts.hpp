#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

namespace gawait::dbus::detail {

/// The parts of a variant that is being made. They float, and are freed if it is never made.
class GAWAIT_API parts {
public:
    /// @param room for all that are added.
    explicit parts(std::span<GVariant*> room) noexcept : room_(room) {}
    parts(const parts&) = delete;
    parts& operator=(const parts&) = delete;

    ~parts() {
        for (GVariant* each : room_.first(count_))
            g_variant_unref(each);
    }

    void add(GVariant* floating) noexcept { room_[count_++] = floating; }

    // Each gives a variant that floats.
    GVariant* tuple() noexcept {
        return g_variant_new_tuple(room_.data(), std::exchange(count_, 0));
    }
    GVariant* array(const GVariantType* of) noexcept {
        return g_variant_new_array(of, room_.data(), std::exchange(count_, 0));
    }
    GVariant* entry() noexcept {
        count_ = 0;
        return g_variant_new_dict_entry(room_[0], room_[1]);
    }

private:
    std::span<GVariant*> room_;
    std::size_t count_ = 0;
};

inline ref<GVariant> child(GVariant* of, gsize index) noexcept {
    return ref<GVariant>::adopt(g_variant_get_child_value(of, index));
}

/// Borrowed of a string, a path or a signature.
inline std::string_view text_of(GVariant* value) noexcept {
    gsize size = 0;
    const char* const text = g_variant_get_string(value, &size);
    return {text, size};
}

/// Whether there is no NUL within.
GAWAIT_API bool is_whole_text(std::string_view text) noexcept;

/// @throws value_error
GAWAIT_API GVariant* new_string(std::string_view value);
GAWAIT_API GVariant* new_c_string(const char* value);

/// The number of a descriptor in a list, which gets a duplicate and is made if it is null.
///
/// @throws value_error, gawait::error
GAWAIT_API GVariant* new_handle(int fd, ref<GUnixFDList>& descriptors);

/// A duplicate of the descriptor that a number is of, which the caller owns.
///
/// @throws value_error, gawait::error
GAWAIT_API int descriptor_of(GVariant* handle, GUnixFDList* descriptors);

GAWAIT_API bool may_hold_descriptors(GVariant* value) noexcept;

/// @throws value_error if there are any.
GAWAIT_API void refuse_descriptors(GUnixFDList* descriptors);

/// @param value may be null.
/// @throws type_error
GAWAIT_API void check_type(GVariant* value, const char* expected);

/// @throws value_error if the array is of another size.
GAWAIT_API void check_size(GVariant* array, std::size_t expected);

template <class Traits>
concept is_owner =
    requires(GVariant* value, GUnixFDList* descriptors) { Traits::from(value, descriptors); };

} // namespace gawait::dbus::detail
