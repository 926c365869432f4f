#include "gawait/unobserved.hpp"

#include <glib.h>

#include <atomic>
#include <utility>

namespace gawait {
namespace {

void warn_of(std::exception_ptr exception, const char* ended) noexcept {
    try {
        std::rethrow_exception(std::move(exception));
    } catch (const std::exception& known) {
        g_warning("gawait: nobody observed the exception that ended %s: %s", ended, known.what());
    } catch (...) {
        g_warning("gawait: nobody observed the exception that ended %s", ended);
    }
}

void warn(std::exception_ptr exception) noexcept { warn_of(std::move(exception), "a task"); }

std::atomic<unobserved_exception_handler> current{warn};

} // namespace

unobserved_exception_handler
set_unobserved_exception_handler(unobserved_exception_handler handler) noexcept {
    return current.exchange(handler ? handler : warn);
}

namespace detail {

void report_unobserved(const failure& why, const char* ended) noexcept {
    if (!why || why.was_cancelled())
        return;
    const unobserved_exception_handler handler = current.load();
    if (handler == warn)
        warn_of(why.exception(), ended);
    else
        handler(why.exception());
}

} // namespace detail
} // namespace gawait
