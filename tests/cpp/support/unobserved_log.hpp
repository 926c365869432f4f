#pragma once

#include "gawait/unobserved.hpp"

#include <exception>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace gawait::test {

/// Collects the messages of the unobserved exceptions while it lives. One at a time.
class unobserved_log {
public:
    unobserved_log() { taken(); }
    unobserved_log(const unobserved_log&) = delete;
    unobserved_log& operator=(const unobserved_log&) = delete;
    ~unobserved_log() { set_unobserved_exception_handler(before_); }

    /// What came since the last call.
    std::vector<std::string> taken() const {
        const std::lock_guard guard(lock);
        return std::exchange(messages, {});
    }

private:
    static void collect(std::exception_ptr exception) noexcept {
        const std::lock_guard guard(lock);
        try {
            std::rethrow_exception(exception);
        } catch (const std::exception& known) {
            messages.emplace_back(known.what());
        } catch (...) {
            messages.emplace_back("unknown");
        }
    }

    static inline std::mutex lock;
    static inline std::vector<std::string> messages;

    unobserved_exception_handler before_ = set_unobserved_exception_handler(collect);
};

} // namespace gawait::test
