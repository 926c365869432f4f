#include "dbus/callers.hpp"

#include "dbus/bus.hpp"
#include "dbus/closing.hpp"
#include "gawait/dbus/signals.hpp"
#include "gawait/result.hpp"

#include <map>
#include <tuple>
#include <utility>

namespace gawait::dbus::detail {
namespace {

using key = std::pair<scope*, GDBusConnection*>;

std::map<key, callers*>& in_use() noexcept {
    static thread_local std::map<key, callers*> all;
    return all;
}

} // namespace

std::shared_ptr<callers> callers::of(scope& calls, GDBusConnection* bus) {
    const auto found = in_use().find({&calls, bus});
    return found == in_use().end() ? std::make_shared<callers>(calls, bus)
                                   : found->second->shared_from_this();
}

callers::callers(scope& calls, GDBusConnection* bus)
    : scope_(calls), bus_(ref<GDBusConnection>::retain(bus)), cancel_(&calls.group().cancel()) {}

callers::~callers() = default;

void callers::enter() {
    if (objects_ == 0) {
        run(await_end(shared_from_this()));
        in_use().emplace(key(&scope_, bus_), this);
    }
    ++objects_;
}

void callers::leave() noexcept {
    if (--objects_ > 0)
        return;
    in_use().erase({&scope_, bus_});
    cancel_.request();
}

/// Runs what belongs to these and not to whoever opened the scope.
void callers::run(task<> watching) {
    const auto run_under = [](std::shared_ptr<callers> self, task<> under) -> task<> {
        co_await gawait::detail::outcome_under<void>(self->cancel_, std::move(under));
    };
    scope_.spawn(run_under(shared_from_this(), std::move(watching)));
}

task<> callers::await_end(std::shared_ptr<callers> self) {
    co_await until_closed(self->bus_);
    self->cancel_.request();
}

task<> callers::watch(std::shared_ptr<callers> self, std::string sender) {
    signals<std::tuple<std::string, std::string, std::string>> changes(
        self->bus_, owner_changes_of(sender.c_str()));
    bool present = co_await ask_bus<bool>(self->bus_, "NameHasOwner", sender);
    while (present) {
        const auto change = co_await changes.next();
        present = change && !std::get<2>(*change).empty();
    }
    const auto gone = self->known_.extract(sender);
    for (gawait::detail::cancellation* each : gone.mapped()->calls)
        each->request();
}

std::shared_ptr<callers::caller> callers::find(const char* sender) {
    auto& found = known_[sender];
    if (!found) {
        found = std::make_shared<caller>();
        run(watch(shared_from_this(), sender));
    }
    return found;
}

callers::running_call::running_call(callers& all, const char* sender,
                                    gawait::detail::cancellation& object)
    : cancel_(&object) {
    if (!sender)
        return;
    caller_ = all.find(sender);
    place_ = caller_->calls.insert(caller_->calls.end(), &cancel_);
}

callers::running_call::~running_call() {
    if (caller_)
        caller_->calls.erase(place_);
}

} // namespace gawait::dbus::detail
