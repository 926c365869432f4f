#include "gawait/dbus/value.hpp"

#include <algorithm>
#include <string>
#include <unistd.h>
#include <vector>

namespace gawait::dbus {
namespace {

/// The first part in which two types differ.
std::string difference(const GVariantType* a, const GVariantType* b) {
    if (g_variant_type_is_array(a) && g_variant_type_is_array(b)) {
        const GVariantType* const of_a = g_variant_type_element(a);
        const GVariantType* const of_b = g_variant_type_element(b);
        const bool both = g_variant_type_is_dict_entry(of_a) == g_variant_type_is_dict_entry(of_b);
        return both ? "[]" + difference(of_a, of_b) : "";
    }
    if (g_variant_type_is_dict_entry(a) && g_variant_type_is_dict_entry(b)) {
        if (!g_variant_type_equal(g_variant_type_key(a), g_variant_type_key(b)))
            return ".key";
        return ".value" + difference(g_variant_type_value(a), g_variant_type_value(b));
    }
    if (g_variant_type_is_tuple(a) && g_variant_type_is_tuple(b)) {
        const GVariantType* of_a = g_variant_type_first(a);
        const GVariantType* of_b = g_variant_type_first(b);
        std::size_t index = 0;
        for (; of_a && of_b && g_variant_type_equal(of_a, of_b); ++index) {
            of_a = g_variant_type_next(of_a);
            of_b = g_variant_type_next(of_b);
        }
        const std::string which = "." + std::to_string(index);
        return of_a && of_b ? which + difference(of_a, of_b) : which;
    }
    return "";
}

std::string path_of_difference(std::string_view expected, std::string_view found) {
    const std::string a(expected);
    const std::string b(found);
    if (!g_variant_type_string_is_valid(a.c_str()) || !g_variant_type_string_is_valid(b.c_str()))
        return "";
    std::string path = difference(reinterpret_cast<const GVariantType*>(a.c_str()),
                                  reinterpret_cast<const GVariantType*>(b.c_str()));
    if (path.starts_with('.'))
        path.erase(0, 1);
    return path;
}

std::string type_message(std::string_view expected, std::string_view found) {
    std::string message = "expected a value of type '" + std::string(expected) + "', found ";
    message += found.empty() ? "none" : "'" + std::string(found) + "'";
    const std::string path = path_of_difference(expected, found);
    return path.empty() ? message : message + ", which differs at " + path;
}

/// Whether there is a value in it that may be missing, for which D-Bus has no type.
bool has_maybe(GVariant* value) {
    const std::string_view type = g_variant_get_type_string(value);
    if (type.find('m') != std::string_view::npos)
        return true;
    if (type.find('v') == std::string_view::npos)
        return false;
    for (gsize index = 0; index < g_variant_n_children(value); ++index)
        if (has_maybe(detail::child(value, index)))
            return true;
    return false;
}

/// The same with the numbers that its descriptors have in another list. Floats, unless there are
/// none.
ref<GVariant> renumbered(GVariant* value, GUnixFDList* from, ref<GUnixFDList>& to) {
    if (!detail::may_hold_descriptors(value))
        return ref<GVariant>::retain(value);
    if (g_variant_is_of_type(value, G_VARIANT_TYPE_HANDLE)) {
        const unix_fd duplicate(detail::descriptor_of(value, from));
        return ref<GVariant>::adopt(g_variant_ref_sink(detail::new_handle(duplicate.get(), to)));
    }
    if (g_variant_is_of_type(value, G_VARIANT_TYPE_VARIANT)) {
        const auto held = renumbered(detail::child(value, 0), from, to);
        return ref<GVariant>::adopt(g_variant_ref_sink(g_variant_new_variant(held)));
    }
    std::vector<ref<GVariant>> parts;
    parts.reserve(g_variant_n_children(value));
    for (gsize index = 0; index < g_variant_n_children(value); ++index)
        parts.push_back(renumbered(detail::child(value, index), from, to));
    std::vector<GVariant*> borrowed(parts.begin(), parts.end());
    GVariant* made = nullptr;
    if (g_variant_is_of_type(value, G_VARIANT_TYPE_DICT_ENTRY))
        made = g_variant_new_dict_entry(borrowed[0], borrowed[1]);
    else if (g_variant_is_of_type(value, G_VARIANT_TYPE_TUPLE))
        made = g_variant_new_tuple(borrowed.data(), borrowed.size());
    else
        made = g_variant_new_array(g_variant_type_element(g_variant_get_type(value)),
                                   borrowed.data(), borrowed.size());
    return ref<GVariant>::adopt(g_variant_ref_sink(made));
}

} // namespace

type_error::type_error(std::string_view expected, std::string_view found)
    : gawait::error(G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, type_message(expected, found).c_str()),
      expected_(expected), found_(found), path_(path_of_difference(expected, found)) {}

value_error::value_error(const std::string& message)
    : gawait::error(
          G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
          unique_string(g_utf8_make_valid(message.data(), gssize(message.size()))).get()) {}

object_path::object_path(std::string path) : text_(std::move(path)) {
    if (!detail::is_whole_text(text_) || !g_variant_is_object_path(text_.c_str()))
        throw value_error("'" + text_ + "' is no object path");
}

signature::signature(std::string types) : text_(std::move(types)) {
    if (!detail::is_whole_text(text_) || !g_variant_is_signature(text_.c_str()))
        throw value_error("'" + text_ + "' is no signature");
}

unix_fd::~unix_fd() {
    if (fd_ >= 0)
        ::close(fd_);
}

variant::variant(ref<GVariant> value, ref<GUnixFDList> descriptors)
    : descriptors_(std::move(descriptors)), value_(std::move(value)) {
    if (!value_)
        throw value_error("a variant of no value");
    if (g_variant_is_floating(value_))
        value_ = ref<GVariant>::adopt(g_variant_take_ref(value_.release()));
    if (has_maybe(value_))
        throw value_error(std::string("D-Bus has no type for values that may be missing: '") +
                          g_variant_get_type_string(value_) + "'");
}

std::string_view variant::type_string() const noexcept {
    return value_ ? g_variant_get_type_string(value_) : "";
}

bool variant::equals(const variant& other) const noexcept {
    if (!value_ || !other.value_)
        return value_.get() == other.value_.get();
    return g_variant_equal(value_, other.value_);
}

GVariant* variant::boxed(ref<GUnixFDList>& descriptors) const {
    if (!value_)
        throw value_error("a variant that holds nothing cannot be sent");
    if (!descriptors_)
        return g_variant_new_variant(value_);
    return g_variant_new_variant(renumbered(value_, descriptors_, descriptors));
}

namespace detail {
namespace {

/// Without the second look at it that g_variant_new_string() takes.
GVariant* new_text(const GVariantType* type, std::string_view value) noexcept {
    auto* const copy = static_cast<char*>(g_malloc(value.size() + 1));
    std::ranges::copy(value, copy);
    copy[value.size()] = '\0';
    return g_variant_new_from_data(type, copy, value.size() + 1, TRUE, g_free, copy);
}

} // namespace

bool is_whole_text(std::string_view text) noexcept {
    return text.find('\0') == std::string_view::npos;
}

GVariant* new_string(std::string_view value) {
    if (!value.empty() && !g_utf8_validate_len(value.data(), value.size(), nullptr)) [[unlikely]]
        throw value_error((is_whole_text(value) ? "a string that is no UTF-8: '"
                                                : "a string with a NUL within: '") +
                          std::string(value) + "'");
    return new_text(G_VARIANT_TYPE_STRING, value);
}

GVariant* new_c_string(const char* value) {
    if (!value)
        throw value_error("a null pointer where a string is to be sent");
    return new_string(value);
}

GVariant* new_handle(int fd, ref<GUnixFDList>& descriptors) {
    if (fd < 0)
        throw value_error("a unix_fd of no descriptor cannot be sent");
    if (!descriptors)
        descriptors = ref<GUnixFDList>::adopt(g_unix_fd_list_new());
    GError* failure = nullptr;
    const int number = g_unix_fd_list_append(descriptors, fd, &failure);
    if (failure)
        throw gawait::error(failure);
    return g_variant_new_handle(number);
}

int descriptor_of(GVariant* handle, GUnixFDList* descriptors) {
    const gint32 number = g_variant_get_handle(handle);
    const gint32 count = descriptors ? g_unix_fd_list_get_length(descriptors) : 0;
    if (number < 0 || number >= count)
        throw value_error("descriptor " + std::to_string(number) + " of a message that has " +
                          std::to_string(count));
    GError* failure = nullptr;
    const int fd = g_unix_fd_list_get(descriptors, number, &failure);
    if (failure)
        throw gawait::error(failure);
    return fd;
}

bool may_hold_descriptors(GVariant* value) noexcept {
    const std::string_view type = g_variant_get_type_string(value);
    return type.find_first_of("hv") != std::string_view::npos;
}

void refuse_descriptors(GUnixFDList* descriptors) {
    if (descriptors) [[unlikely]]
        throw value_error("a value with descriptors needs a list for them");
}

void check_type(GVariant* value, const char* expected) {
    const char* const found = value ? g_variant_get_type_string(value) : "";
    if (std::strcmp(found, expected) != 0) [[unlikely]]
        throw type_error(expected, found);
}

void check_size(GVariant* array, std::size_t expected) {
    const gsize found = g_variant_n_children(array);
    if (found != expected)
        throw value_error("expected an array of " + std::to_string(expected) + ", found one of " +
                          std::to_string(found));
}

} // namespace detail
} // namespace gawait::dbus
