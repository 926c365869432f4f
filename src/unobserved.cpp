#include "gawait/unobserved.hpp"

#include <glib.h>

#include <atomic>
#include <utility>

namespace gawait {
namespace {

void warn(std::exception_ptr exception) noexcept {
    try {
        std::rethrow_exception(std::move(exception));
    } catch (const std::exception& known) {
        g_warning("gawait: nobody observed the exception that ended a task: %s", known.what());
    } catch (...) {
        g_warning("gawait: nobody observed the exception that ended a task");
    }
}

std::atomic<unobserved_exception_handler> current{warn};

} // namespace

unobserved_exception_handler
set_unobserved_exception_handler(unobserved_exception_handler handler) noexcept {
    return current.exchange(handler ? handler : warn);
}

namespace detail {

void report_unobserved(const failure& why) noexcept {
    if (why && !why.was_cancelled())
        current.load()(why.exception());
}

} // namespace detail
} // namespace gawait
