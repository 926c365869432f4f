#pragma once

#include "python.hpp"

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <vector>

namespace gawait::python {

/// What was written and not sent yet. Bytes, which do not change, are kept without a copy.
class write_buffer {
public:
    bool empty() const noexcept { return chunks_.empty(); }

    /// In bytes.
    std::size_t size() const noexcept { return size_; }

    /// Adds what is behind the first `skipped` bytes of something. Of anything but `bytes` it keeps
    /// a copy. False with an exception set on failure.
    ///
    /// @param data what `content` belongs to.
    bool add(PyObject* data, std::span<const char> content, std::size_t skipped) noexcept;

    /// Puts what comes first into an array, as far as that goes; returns the part that was filled.
    std::span<iovec> gather(std::span<iovec> into) const noexcept;

    /// Takes away what comes first, as it was sent.
    void remove(std::size_t sent) noexcept;

    void clear() noexcept;

private:
    struct chunk {
        object bytes;
        std::size_t sent;

        std::size_t left() const noexcept;
    };

    std::vector<chunk> chunks_; // empty, or not all of them sent
    std::size_t first_ = 0;     // before which all are sent
    std::size_t size_ = 0;
};

} // namespace gawait::python
