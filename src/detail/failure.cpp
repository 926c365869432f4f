#include "gawait/detail/failure.hpp"

#include "gawait/error.hpp"

#include <cxxabi.h>

#include <typeinfo>

namespace gawait::detail {

// By the type alone: a class that somebody derived from it may have more to tell.
failure failure::current() noexcept {
    const std::type_info* type = abi::__cxa_current_exception_type();
    if (type && *type == typeid(cancelled))
        return by_cancellation();
    return std::current_exception();
}

failure failure::by_cancellation() noexcept {
    failure made;
    made.cancelled_ = true;
    return made;
}

std::exception_ptr failure::exception() const noexcept {
    return cancelled_ ? std::make_exception_ptr(cancelled()) : exception_;
}

void failure::rethrow() const {
    if (cancelled_)
        throw cancelled();
    std::rethrow_exception(exception_);
}

bool failure::holds_cancelled() const noexcept {
    try {
        std::rethrow_exception(exception_);
    } catch (const cancelled&) {
        return true;
    } catch (...) {
        return false;
    }
}

} // namespace gawait::detail
