#pragma once

#include "gawait/ref.hpp"

#include <utility>

namespace gawait::detail {

/// Closes at the end of its life what is not closed by then. Its last reference would do so too,
/// but a thread of GIO's may have that for a while.
template <class T, auto Close> class closes_at_end {
public:
    explicit closes_at_end(ref<T> opened) noexcept : opened_(std::move(opened)) {}
    closes_at_end(const closes_at_end&) = delete;
    closes_at_end& operator=(const closes_at_end&) = delete;
    ~closes_at_end() { Close(opened_, nullptr, nullptr); }

private:
    ref<T> opened_;
};

using closes_stream = closes_at_end<GInputStream, g_input_stream_close>;
using closes_enumerator = closes_at_end<GFileEnumerator, g_file_enumerator_close>;

} // namespace gawait::detail
