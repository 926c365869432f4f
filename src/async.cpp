#include "gawait/async.hpp"

namespace gawait::detail {

error null_instance_error() noexcept {
    return error(G_IO_ERROR_INVALID_ARGUMENT,
                 "gawait::async: the object whose method was to be called is null");
}

error no_error_set_error() noexcept {
    return error(G_IO_ERROR_FAILED,
                 "gawait::async: the finish function returned false but set no GError");
}

const pending::kind operation_base::begun_by_function{role::operation, nullptr};

const pending::kind operation_base::ended_by_function{
    role::operation, nullptr,
    [](const pending&, std::string& to) { to = "an operation that " + to + " ends"; }};

void operation_base::keep_and_resume_later() noexcept {
    kept_source_ = ref<GObject>::retain(source_);
    kept_result_ = ref<GAsyncResult>::retain(result_);
    if (!beginning_)
        env_->home->post(*this);
}

} // namespace gawait::detail
