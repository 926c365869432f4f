#include "gawait/detail/typed_operation.hpp"

namespace gawait::detail {

error invalid_argument_error(const char* function) noexcept {
    return error(g_error_new(G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                             "%s: an argument is null and must not be, is a string with a NUL "
                             "within, or is too long",
                             function));
}

void ensure_error(GError** failure) noexcept {
    if (!*failure)
        *failure = no_error_set_error().release();
}

} // namespace gawait::detail
