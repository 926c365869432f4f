#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/detail/environment.hpp"
#include "gawait/detail/failure.hpp"
#include "gawait/detail/nested_run.hpp"
#include "gawait/detail/promise_base.hpp"
#include "gawait/error.hpp"

#include <coroutine>
#include <memory>
#include <type_traits>
#include <utility>

namespace gawait {

template <class T> class async_generator;

namespace detail {

GAWAIT_API error generator_broken_error() noexcept;
GAWAIT_API error generator_busy_error() noexcept;

template <class T> class generator_promise : public promise_base {
public:
    async_generator<T> get_return_object() noexcept;

    void return_void() noexcept { value_ = nullptr; }

    void unhandled_exception() noexcept {
        value_ = nullptr;
        failure_ = failure::current();
    }

    final_awaiter yield_value(std::remove_reference_t<T>& value) noexcept {
        value_ = std::addressof(value);
        return {};
    }

    // The operand of co_yield lives on the frame until the generator goes on.
    final_awaiter yield_value(std::remove_reference_t<T>&& value) noexcept {
        return yield_value(value);
    }

    /// Yields a copy, which lives on the frame until the generator goes on.
    class copy_awaiter : public final_awaiter {
    public:
        explicit copy_awaiter(const T& value) : copy_(value) {}

        std::coroutine_handle<>
        await_suspend(std::coroutine_handle<generator_promise> yielding) noexcept {
            yielding.promise().value_ = std::addressof(copy_);
            return final_awaiter::await_suspend(yielding);
        }

    private:
        T copy_;
    };

    // Whoever awaits may change what it gets, but not an object that is const here.
    copy_awaiter yield_value(const T& value)
        requires(std::is_object_v<T> && !std::is_const_v<T>)
    {
        return copy_awaiter(value);
    }

    std::remove_reference_t<T>* value() const noexcept { return value_; }

    /// Whether it is time to ask for a cancellation, and if the turn is spent, to be called for
    /// each value: the questions take as long as the rest of one that is there at once.
    bool may_be_long() noexcept { return ++values_ % 8 == 0; }

    /// Whether a `next()` is under way.
    bool running = false;

    /// Throws what ended the generator, and later that something did.
    void throw_if_failed() {
        if (broken_)
            throw generator_broken_error();
        if (!failure_) [[likely]]
            return;
        broken_ = true;
        failure(std::move(failure_)).rethrow();
    }

private:
    std::remove_reference_t<T>* value_ = nullptr;
    failure failure_;
    bool broken_ = false;
    unsigned values_ = 0;
};

} // namespace detail

/// A coroutine that yields any number of `T` and may await between them:
///
///     async_generator<std::string> lines(ref<GDataInputStream> stream);
///
///     auto input = lines(stream);
///     while (std::string* line = co_await input.next())
///         use(*line);
///
/// Lazy: it runs while `next()` is awaited, on the context and under the cancellation of
/// whoever awaits that. Move-only. It may be destroyed whenever no `next()` is under way,
/// which ends it where it is.
template <class T> class [[nodiscard]] async_generator {
public:
    using promise_type = detail::generator_promise<T>;
    using value_type = std::remove_reference_t<T>;

    class [[nodiscard]] next_awaiter : detail::nested_run {
    public:
        explicit next_awaiter(std::coroutine_handle<promise_type> generator) noexcept
            : generator_(generator) {}

        bool await_ready() const noexcept {
            return !generator_ || (!generator_.promise().running && generator_.done());
        }

        template <detail::has_environment Promise>
        bool await_suspend(std::coroutine_handle<Promise> awaiting) noexcept {
            const detail::environment& env = awaiting.promise().env();
            promise_type& generator = generator_.promise();
            const bool may_be_long = generator.may_be_long();
            refused_ = refusal::none; // of an await before
            if (generator.running)
                refused_ = refusal::busy;
            else if (may_be_long && env.cancel->requested())
                refused_ = refusal::cancelled;
            if (refused_ != refusal::none) [[unlikely]]
                return false;
            generator.running = true;
            return run(*env.cancel, generator_, awaiting) || (may_be_long && give_way());
        }

        value_type* await_resume() {
            if (!generator_) [[unlikely]]
                throw detail::moved_from_error("gawait::async_generator");
            if (refused_ != refusal::none) [[unlikely]]
                refuse();
            generator_.promise().running = false;
            generator_.promise().throw_if_failed();
            return generator_.done() ? nullptr : generator_.promise().value();
        }

    private:
        enum class refusal : unsigned char { none, busy, cancelled };

        [[noreturn]] void refuse() const {
            if (refused_ == refusal::busy)
                throw detail::generator_busy_error();
            throw cancelled();
        }

        std::coroutine_handle<promise_type> generator_;
        refusal refused_ = refusal::none;
    };

    async_generator() noexcept = default;

    async_generator(async_generator&& other) noexcept
        : generator_(std::exchange(other.generator_, nullptr)) {}

    async_generator& operator=(async_generator other) noexcept {
        std::swap(generator_, other.generator_);
        return *this;
    }

    ~async_generator() {
        if (generator_)
            generator_.destroy();
    }

    /// Awaits the next value, which stays valid until the next call; null at the end, and
    /// ever after.
    ///
    /// @throws whatever the generator throws, or lets pass, such as the cancellation of this
    ///     await. That ends it, but not as if it had come to its end:
    /// @throws error `G_IO_ERROR_CLOSED` ever after.
    /// @throws cancelled of a generator that never waits: it goes on with the next call.
    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT` if this was moved from, or has no coroutine.
    /// @throws error `G_IO_ERROR_PENDING` while another `next()` of it is under way, also within
    ///     itself.
    next_awaiter next() noexcept { return next_awaiter(generator_); }

private:
    friend promise_type;

    explicit async_generator(std::coroutine_handle<promise_type> owned) noexcept
        : generator_(owned) {}

    std::coroutine_handle<promise_type> generator_;
};

namespace detail {

template <class T> async_generator<T> generator_promise<T>::get_return_object() noexcept {
    return async_generator<T>(std::coroutine_handle<generator_promise>::from_promise(*this));
}

} // namespace detail
} // namespace gawait
