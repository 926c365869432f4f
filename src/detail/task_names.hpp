#pragma once

#include "detail/symbols.hpp"
#include "gawait/detail/environment.hpp"
#include "gawait/detail/pending.hpp"

#include <string>

namespace gawait::detail {

/// What users are told that tasks, and what they wait for, are called.
class task_names {
public:
    std::string of_function(gconstpointer function) { return functions_.name_of(function); }

    std::string of_wait(const pending& entry);

    /// Nothing, if it is none that is to be seen.
    std::string of_coroutine(const environment& env);

    /// Of a coroutine that is resumed by a function.
    std::string of_coroutine(const environment& env, gconstpointer resumed_by);

private:
    symbols functions_;
};

/// What resumes a coroutine, as all compilers have it, until it has ended; null without a frame.
inline gconstpointer resumed_by(const environment& env) noexcept {
    return env.frame ? *static_cast<gconstpointer const*>(env.frame) : nullptr;
}

} // namespace gawait::detail
