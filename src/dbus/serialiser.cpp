#include "gawait/dbus/detail/serialiser.hpp"

#include <algorithm>

namespace gawait::dbus::detail {

serialiser::~serialiser() {
    if (data_ != inline_)
        g_free(data_);
}

void serialiser::grow(gsize bytes) noexcept {
    capacity_ = std::max(2 * capacity_, size_ + bytes);
    if (data_ != inline_) {
        data_ = static_cast<char*>(g_realloc(data_, capacity_));
    } else {
        data_ = static_cast<char*>(g_malloc(capacity_));
        std::memcpy(data_, inline_, size_);
    }
}

ref<GVariant> serialiser::take(const GVariantType* type) noexcept {
    auto* const data = static_cast<char*>(data_ == inline_ ? g_memdup2(data_, size_) : data_);
    data_ = inline_;
    capacity_ = sizeof inline_;
    return ref<GVariant>::adopt(g_variant_ref_sink(
        g_variant_new_from_data(type, data, std::exchange(size_, 0), true, g_free, data)));
}

/// As few bytes as can tell any offset within the container, its offsets included.
gsize serialiser::container::width_of_offsets() const noexcept {
    const gsize body = to_.size_ - begin_;
    const gsize count = to_.ends_.size() - first_;
    if (body + count <= G_MAXUINT8)
        return 1;
    if (body + 2 * count <= G_MAXUINT16)
        return 2;
    return body + 4 * count <= G_MAXUINT32 ? 4 : 8;
}

void serialiser::container::put_offset(gsize end, gsize width) noexcept {
    const guint64 little = GUINT64_TO_LE(guint64{end});
    std::memcpy(to_.extend(width), &little, width);
}

void serialiser::container::finish_array() noexcept {
    const gsize width = width_of_offsets();
    for (std::size_t index = first_; index < to_.ends_.size(); ++index)
        put_offset(to_.ends_[index], width);
}

/// Its offsets are read from behind.
void serialiser::container::finish_structure() noexcept {
    const gsize width = width_of_offsets();
    for (std::size_t index = to_.ends_.size(); index > first_; --index)
        put_offset(to_.ends_[index - 1], width);
}

} // namespace gawait::dbus::detail
