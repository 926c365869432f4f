#include "gawait/error.hpp"

namespace gawait {

error::~error() { g_clear_error(&error_); }

error error::from_errno(int number, const char* doing) noexcept {
    return error(g_error_new(G_IO_ERROR, g_io_error_from_errno(number), "%s: %s", doing,
                             g_strerror(number)));
}

const char* cancelled::what() const noexcept { return "the task was cancelled"; }

namespace detail {

error moved_from_error(const char* what) noexcept {
    return error(
        g_error_new(G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: it was moved from", what));
}

} // namespace detail
} // namespace gawait
