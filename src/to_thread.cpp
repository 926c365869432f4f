#include "gawait/to_thread.hpp"

#include "gawait/ref.hpp"

namespace gawait::detail {

const pending::kind thread_call::in_a_thread{role::wait, "a function in another thread"};

void thread_call::submit(engine& home) noexcept {
    const thread_default_scope scope(home);
    in_flight_ = flight(home);
    const auto task = ref<GTask>::adopt(g_task_new(
        nullptr, nullptr,
        [](GObject*, GAsyncResult*, gpointer data) {
            auto& self = *static_cast<thread_call*>(data);
            self.handed_over_.load(std::memory_order_acquire);
            self.leave();
            self.in_flight_ = flight();
            self.awaiting_.resume();
        },
        this));
    g_task_set_name(task, "gawait::to_thread");
    g_task_set_task_data(task, this, nullptr);
    handed_over_.store(false, std::memory_order_release);
    g_task_run_in_thread(task, [](GTask*, gpointer, gpointer data, GCancellable*) {
        auto& self = *static_cast<thread_call*>(data);
        self.handed_over_.load(std::memory_order_acquire);
        self.call();
        self.handed_over_.store(true, std::memory_order_release);
    });
}

} // namespace gawait::detail
