#include "gawait/unobserved.hpp"

#include "gawait/error.hpp"

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

bool is_cancelled(const std::exception_ptr& exception) noexcept {
    try {
        std::rethrow_exception(exception);
    } catch (const cancelled&) {
        return true;
    } catch (...) {
        return false;
    }
}

void report_unobserved(const std::exception_ptr& exception) noexcept {
    if (exception && !is_cancelled(exception))
        current.load()(exception);
}

} // namespace detail
} // namespace gawait
