#pragma once

#include <coroutine>

namespace gawait::detail {

class promise_base;

/// What happens when a coroutine has ended, or a generator has yielded, on the thread where
/// it did.
class completion {
public:
    /// @return the coroutine to go on with.
    using function = std::coroutine_handle<> (*)(completion&, promise_base& ended) noexcept;

    explicit completion(function called) noexcept : run_(called) {}

    std::coroutine_handle<> run(promise_base& ended) noexcept { return run_(*this, ended); }

private:
    function run_;
};

} // namespace gawait::detail
