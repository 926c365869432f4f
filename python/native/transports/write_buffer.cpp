#include "transports/write_buffer.hpp"

#include <utility>

namespace gawait::python {

std::size_t write_buffer::chunk::left() const noexcept {
    return static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.get())) - sent;
}

bool write_buffer::add(PyObject* data, std::span<const char> content,
                       std::size_t skipped) noexcept {
    const auto rest = content.subspan(skipped);
    // A class derived from bytes may refer to anything, which the garbage collector would not see.
    const bool kept = PyBytes_CheckExact(data);
    chunk added{kept ? object::retain(data)
                     : object::adopt(PyBytes_FromStringAndSize(
                           rest.data(), static_cast<Py_ssize_t>(rest.size()))),
                kept ? skipped : 0};
    if (!added.bytes)
        return false;
    chunks_.push_back(std::move(added));
    size_ += rest.size();
    return true;
}

std::span<iovec> write_buffer::gather(std::span<iovec> into) const noexcept {
    std::size_t filled = 0;
    for (std::size_t index = first_; index < chunks_.size() && filled < into.size(); ++index) {
        const chunk& each = chunks_[index];
        into[filled++] = {PyBytes_AS_STRING(each.bytes.get()) + each.sent, each.left()};
    }
    return into.first(filled);
}

void write_buffer::remove(std::size_t sent) noexcept {
    size_ -= sent;
    if (size_ == 0) {
        clear();
        return;
    }
    while (sent >= chunks_[first_].left()) {
        sent -= chunks_[first_].left();
        chunks_[first_++].bytes = object();
    }
    chunks_[first_].sent += sent;
    // Moved no more often than there are chunks.
    if (first_ >= chunks_.size() / 2) {
        chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }
}

void write_buffer::clear() noexcept {
    // Idle connections are many: what a slow one has needed is not kept, but for what a message
    // takes.
    if (chunks_.capacity() > 2)
        std::vector<chunk>().swap(chunks_);
    else
        chunks_.clear();
    first_ = size_ = 0;
}

} // namespace gawait::python
