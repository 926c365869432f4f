#pragma once

#include "gawait/detail/cancellation.hpp"
#include "gawait/ref.hpp"
#include "gawait/scope.hpp"
#include "gawait/task.hpp"

#include <gio/gio.h>

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

namespace gawait::dbus::detail {

/// Who calls objects of one connection whose calls run in one scope. Their calls are cancelled
/// when they vanish.
class callers : public std::enable_shared_from_this<callers> {
public:
    /// Those of a scope and a connection, which are made when there are none.
    static std::shared_ptr<callers> of(scope& calls, GDBusConnection* bus);

    callers(scope& calls, GDBusConnection* bus);
    callers(const callers&) = delete;
    callers& operator=(const callers&) = delete;
    ~callers();

    /// An object is exported: until the last one has left, they are watched.
    void enter();
    void leave() noexcept;

    /// What cancels all, as the end of the connection does.
    gawait::detail::cancellation& cancel() noexcept { return cancel_; }

    class caller {
    public:
        std::list<gawait::detail::cancellation*> calls;
    };

    /// A call that runs, as long as it lives.
    class running_call {
    public:
        /// @param sender null on a connection without a bus.
        /// @param object what cancels the calls of the object.
        running_call(callers& all, const char* sender, gawait::detail::cancellation& object);
        running_call(const running_call&) = delete;
        running_call& operator=(const running_call&) = delete;
        ~running_call();

        gawait::detail::cancellation& cancel() noexcept { return cancel_; }

    private:
        gawait::detail::cancellation cancel_;
        std::shared_ptr<caller> caller_;
        std::list<gawait::detail::cancellation*>::iterator place_;
    };

private:
    task<> watch(std::shared_ptr<callers> self, std::string sender);
    task<> await_end(std::shared_ptr<callers> self);
    std::shared_ptr<caller> find(const char* sender);
    void run(task<> watching);

    scope& scope_;
    const ref<GDBusConnection> bus_;
    gawait::detail::cancellation cancel_;
    std::size_t objects_ = 0;
    std::unordered_map<std::string, std::shared_ptr<caller>> known_;
};

} // namespace gawait::dbus::detail
