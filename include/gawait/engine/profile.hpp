#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/engine/timer.hpp"

/// What sysprof shows of a program that it records: marks of the group "gawait". Times are those of
/// `clock`, which are sysprof's too.
namespace gawait::profile {

/// Whether sysprof records this process, which is decided before it begins. Never where the library
/// was built without.
GAWAIT_API extern bool recording;

/// Marks what ends now. From any thread.
///
/// @param name what it is: "turn", "task", "operation".
/// @param message which one.
GAWAIT_API void mark(clock::time_point began, const char* name, const char* message) noexcept;

/// Marks the C++ scope that it lives in.
class marked_scope {
public:
    /// @param message must stay until the end.
    marked_scope(const char* name, const char* message) noexcept
        : name_(name), message_(message), began_(recording ? clock::now() : clock::time_point()) {}
    marked_scope(const marked_scope&) = delete;
    marked_scope& operator=(const marked_scope&) = delete;

    ~marked_scope() {
        if (recording) [[unlikely]]
            mark(began_, name_, message_);
    }

private:
    const char* name_;
    const char* message_;
    clock::time_point began_;
};

} // namespace gawait::profile
