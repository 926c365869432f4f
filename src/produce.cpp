#include "gawait/produce.hpp"

#include "gawait/unobserved.hpp"

#include <stdexcept>
#include <system_error>

namespace gawait {
namespace {

bool is_errno(const std::error_code& code) noexcept {
    return code.category() == std::generic_category() || code.category() == std::system_category();
}

/// Messages of a `GError` are UTF-8, those of exceptions are not always.
error io_error(GIOErrorEnum code, const char* what) noexcept {
    return error(code, unique_string(g_utf8_make_valid(what, -1)).get());
}

} // namespace

error error_of(const std::exception_ptr& exception) noexcept {
    try {
        std::rethrow_exception(exception);
    } catch (const error& own) {
        return own;
    } catch (const cancelled&) {
        return error(G_IO_ERROR_CANCELLED, "Operation was cancelled");
    } catch (const std::system_error& failure) {
        const auto code = is_errno(failure.code()) ? g_io_error_from_errno(failure.code().value())
                                                   : G_IO_ERROR_FAILED;
        return io_error(code, failure.what());
    } catch (const std::invalid_argument& failure) {
        return io_error(G_IO_ERROR_INVALID_ARGUMENT, failure.what());
    } catch (const std::exception& failure) {
        return io_error(G_IO_ERROR_FAILED, failure.what());
    } catch (...) {
        return error(G_IO_ERROR_FAILED, "an exception of an unknown type");
    }
}

namespace detail {
namespace {

ref<GTask> new_task(const async_call& call, gpointer tag) noexcept {
    auto made = ref<GTask>::adopt(
        g_task_new(call.source_object, call.cancellable, call.callback, call.user_data));
    // In parentheses, past the macro that names the task after the expression.
    (g_task_set_source_tag)(made, tag);
    if (call.name)
        g_task_set_name(made, call.name);
    if (call.priority != G_PRIORITY_DEFAULT)
        g_task_set_priority(made, call.priority);
    if (!call.check_cancellable)
        g_task_set_check_cancellable(made, FALSE);
    return made;
}

} // namespace

// Calls ----------------------------------------------------------------------------

engine_ref home_of_call(const async_call& call, gpointer tag) noexcept {
    // Callers in C hold no engine: without this one would be made for each call.
    static thread_local engine_ref latest;
    GMainContext* context = g_main_context_get_thread_default();
    if (!context)
        context = g_main_context_default();
    if (latest && latest->context() == context)
        return latest;
    try {
        latest = engine::get(context);
        return latest;
    } catch (...) {
        fail_call(call, tag, error_of(std::current_exception()));
        return {};
    }
}

void fail_call(const async_call& call, gpointer tag, error failure) noexcept {
    g_task_return_error(new_task(call, tag), failure.release());
}

const pending::kind produced_call::a_call{role::call, nullptr};

produced_call::produced_call(const async_call& call, gpointer tag, engine_ref home) noexcept
    : pending(a_call, tag), call_(call), tag_(tag), home_(std::move(home)),
      root_(call.cancellable) {}

produced_call::~produced_call() = default;

bool produced_call::beginning::await_suspend(std::coroutine_handle<> awaiting) noexcept {
    awaiting_ = awaiting;
    call_.deferred_ = true;
    call_.source_object_ = ref<GObject>::retain(static_cast<GObject*>(call_.call_.source_object));
    call_.cancellable_ = ref<GCancellable>::retain(call_.call_.cancellable);
    return call_.home_->post(*this);
}

bool produced_call::begin() noexcept {
    if (!home_->context()) {
        if (call_.callback)
            g_critical("gawait: the main context that an asynchronous operation was to call back "
                       "in was destroyed, and nobody had iterated it");
        return false;
    }
    // Within the call the thread-default context is the right one, within a job perhaps not.
    if (deferred_) {
        const thread_default_scope scope(*home_);
        task_ = new_task(call_, tag_);
    } else {
        task_ = new_task(call_, tag_);
    }
    if (!was_cancelled()) [[likely]]
        return true;
    if (call_.check_cancellable) {
        g_task_return_error_if_cancelled(task_);
        return false;
    }
    return true;
}

bool produced_call::may_call_back() const noexcept {
    // GTask itself defers what ends within its call or within a handler of the cancellable,
    // but there the connection to that must not be ended.
    if (!suspended_)
        return true;
    if (was_cancelled())
        return false;
    GSource* const source = g_main_current_source();
    return !source || g_source_get_priority(source) >= call_.priority;
}

void produced_call::end::await_suspend(std::coroutine_handle<> awaiting) noexcept {
    awaiting_ = awaiting;
    const auto idle = ref<GSource>::adopt(g_idle_source_new());
    g_source_set_static_name(idle, "[gawait] end of a produced operation");
    g_source_set_priority(idle, call_.call_.priority);
    g_source_set_callback(idle, run, this, nullptr);
    g_source_attach(idle, g_task_get_context(call_.task_));
}

gboolean produced_call::end::run(gpointer self) noexcept {
    static_cast<end*>(self)->awaiting_.resume();
    return G_SOURCE_REMOVE;
}

void produced_call::fail(const std::exception_ptr& exception) noexcept {
    error failure = error_of(exception);
    // GLib's own words for it are in the user's language.
    if (failure.matches(G_IO_ERROR_CANCELLED) && g_task_return_error_if_cancelled(task_))
        return;
    g_task_return_error(task_, failure.release());
}

// Results --------------------------------------------------------------------------

error no_value_error() noexcept {
    return error(G_IO_ERROR_INVALID_ARGUMENT, "gawait::async_pair: the value was taken before");
}

namespace {

GQuark size_quark() noexcept {
    static const GQuark quark = g_quark_from_static_string("gawait-string-size");
    return quark;
}

} // namespace

void keep_size(GTask* task, const std::string& value) noexcept {
    if (value.find('\0') != std::string::npos)
        // NOLINTNEXTLINE(performance-no-int-to-ptr): GLib's way to keep a number
        g_object_set_qdata(G_OBJECT(task), size_quark(), GSIZE_TO_POINTER(value.size()));
}

std::string whole_string(GTask* task, unique_string taken) {
    if (!taken)
        throw no_value_error();
    void* const kept = g_object_get_qdata(G_OBJECT(task), size_quark());
    return kept ? std::string(taken.get(), GPOINTER_TO_SIZE(kept)) : std::string(taken.get());
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

namespace {

bool is_legacy(GAsyncResult* result, gpointer source_object, gpointer tag) noexcept {
    return g_simple_async_result_is_valid(result, static_cast<GObject*>(source_object), tag);
}

GSimpleAsyncResult* legacy(GAsyncResult* result) noexcept {
    return reinterpret_cast<GSimpleAsyncResult*>(result);
}

} // namespace

gboolean legacy_boolean(GAsyncResult* result) noexcept {
    return g_simple_async_result_get_op_res_gboolean(legacy(result));
}

gssize legacy_integer(GAsyncResult* result) noexcept {
    return g_simple_async_result_get_op_res_gssize(legacy(result));
}

gpointer legacy_pointer(GAsyncResult* result) noexcept {
    return g_simple_async_result_get_op_res_gpointer(legacy(result));
}

G_GNUC_END_IGNORE_DEPRECATIONS

made_by maker_of(GAsyncResult* result, gpointer source_object, gpointer tag, bool legacy,
                 GError** failure) noexcept {
    const bool is_of_object = g_task_is_valid(result, source_object);
    if (is_of_object && g_task_get_source_tag(reinterpret_cast<GTask*>(result)) == tag) [[likely]]
        return made_by::this_pair;
    const bool is_result = G_IS_ASYNC_RESULT(result);
    const bool is_task = G_IS_TASK(result);
    if (is_result) {
        GError* old_failure = nullptr;
        if (g_async_result_legacy_propagate_error(result, &old_failure)) {
            if (!old_failure)
                old_failure = no_value_error().release();
            g_propagate_error(failure, old_failure);
            return made_by::somebody_else;
        }
        if (legacy && is_legacy(result, source_object, tag))
            return made_by::legacy_code;
    }
    const char* message = "gawait: a finish function was given a result that is no GTask";
    if (is_of_object)
        message = "gawait: a finish function was given the result of another function";
    else if (is_task)
        message = "gawait: a finish function was given the result of another source object";
    g_critical("%s", message);
    g_set_error_literal(failure, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, message);
    return made_by::somebody_else;
}

} // namespace detail
} // namespace gawait
