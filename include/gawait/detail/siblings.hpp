#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/task.hpp"
#include "gawait/unobserved.hpp"

#include <coroutine>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <variant>

namespace gawait::detail {

class sibling_group;

/// One of several coroutines that run at the same time under one that awaits them.
class GAWAIT_API sibling : completion, job {
protected:
    explicit sibling(sibling_group& group) noexcept
        : completion(run_ended), job(run_come_home), group_(group) {}

    /// May be moved until it begins.
    sibling(sibling&&) noexcept = default;
    sibling& operator=(sibling&&) = delete;
    ~sibling() = default;

    sibling_group& group() const noexcept { return group_; }
    completion& on_end() noexcept { return *this; }
    /// Null if it did not fail.
    virtual const failure* failed() const noexcept = 0;

private:
    friend class sibling_group;

    static std::coroutine_handle<> run_ended(completion& self, promise_base& ended) noexcept;
    static void run_come_home(job& self) noexcept;

    sibling_group& group_;
};

/// Coroutines that run at the same time, under one node of cancellation, and are all
/// awaited. On the thread of the one that awaits them.
class GAWAIT_API sibling_group {
public:
    enum class cancel_rest { when_one_fails, when_one_ends };

    /// @param env of the coroutine that awaits the group.
    sibling_group(const environment& env, cancel_rest policy) noexcept
        : cancel_(env.cancel), env_{env.home, &cancel_, &env}, policy_(policy) {}

    sibling_group(const sibling_group&) = delete;
    sibling_group& operator=(const sibling_group&) = delete;

    cancellation& cancel() noexcept { return cancel_; }

    /// What the siblings run in.
    const environment& env() const noexcept { return env_; }

    /// To be called before each sibling begins.
    void will_begin() noexcept { ++running_; }

    /// Takes note that a sibling ended, or whatever else belongs to the group.
    ///
    /// @param which null for whatever else.
    /// @param why null if it did not fail.
    /// @param called as `report_unobserved()` takes it.
    void note_end(const sibling* which, const failure* why, const char* called = "a task") noexcept;

    /// The sibling that ended first, or null.
    const sibling* first_to_end() const noexcept { return first_; }

    /// Whether one ended, or did not begin, because the group was cancelled.
    bool cut_short() const noexcept { return cut_short_; }

    /// Throws what made the group fail, if anything did.
    void rethrow_failure() const;

    class join_awaiter {
    public:
        explicit join_awaiter(sibling_group& group) noexcept : group_(group) {}
        bool await_ready() const noexcept { return group_.running_ == 0; }
        void await_suspend(std::coroutine_handle<> joining) noexcept { group_.joining_ = joining; }
        void await_resume() const noexcept {}

    private:
        sibling_group& group_;
    };

    /// Waits until all siblings have ended, whatever happens meanwhile.
    join_awaiter join() noexcept { return join_awaiter(*this); }

    /// Counts an ended sibling out.
    ///
    /// @return the coroutine to go on with.
    std::coroutine_handle<> leave() noexcept;

private:
    friend class sibling;

    cancellation cancel_;
    environment env_;
    cancel_rest policy_;
    std::size_t running_ = 0;
    std::coroutine_handle<> joining_;
    const sibling* first_ = nullptr;
    failure failure_;
    bool cut_short_ = false;
};

/// A sibling that lives in the frame of the coroutine that awaits the group.
template <class T> class member final : public sibling {
public:
    member(sibling_group& group, task<T> begins) : sibling(group), coroutine_(begins.take()) {}

    /// Begins the coroutine, unless the group was cancelled already.
    void begin() noexcept {
        if (group().cancel().requested())
            return;
        begun_ = true;
        group().will_begin();
        run_in(group().env(), coroutine_.get(), on_end());
    }

    bool begun() const noexcept { return begun_; }

    T take() { return coroutine_.result().take(); }

private:
    const failure* failed() const noexcept override { return coroutine_.result().failed(); }

    coroutine<T> coroutine_;
    bool begun_ = false;
};

/// Stands for `void` where values are put together.
template <class T> using value_of = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <class T> value_of<T> take_value(member<T>& from) {
    if constexpr (std::is_void_v<T>) {
        from.take();
        return {};
    } else {
        return from.take();
    }
}

} // namespace gawait::detail
