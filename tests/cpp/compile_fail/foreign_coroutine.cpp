// error: is_of_a_gawait_task_or_async_generator
#include "gawait/async.hpp"

#include <coroutine>

struct foreign {
    struct promise_type {
        foreign get_return_object() { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() {}
    };
};

foreign awaits_in_a_coroutine_of_another_library(GFile* file) {
    co_await gawait::async(g_file_read_async, g_file_read_finish, file);
}
