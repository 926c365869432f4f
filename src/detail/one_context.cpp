#include "gawait/detail/one_context.hpp"

#include "gawait/error.hpp"

namespace gawait::detail {

void one_context::check(const engine& home) {
    GMainContext* const context = home.context();
    if (home_ && context != context_)
        throw error(G_IO_ERROR_INVALID_ARGUMENT,
                    "gawait: an object that belongs to the tasks of one main context (a channel, "
                    "mutex, semaphore or event) was awaited in a task of another one");
    context_ = context;
    home_ = &home;
}

} // namespace gawait::detail
