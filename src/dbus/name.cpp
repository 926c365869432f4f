#include "gawait/dbus/name.hpp"

#include "dbus/bus.hpp"
#include "dbus/names.hpp"
#include "gawait/dbus/call.hpp"
#include "gawait/dbus/signals.hpp"
#include "gawait/shield.hpp"

#include <cstdint>
#include <string_view>
#include <utility>

namespace gawait::dbus {
namespace detail {

class name_ownership {
public:
    name_ownership(ref<GDBusConnection> bus, std::string name)
        : bus_(std::move(bus)), name_(std::move(name)), losses_(bus_,
                                                                {.sender = bus_name,
                                                                 .path = bus_path,
                                                                 .interface = bus_interface,
                                                                 .member = "NameLost",
                                                                 .argument = name_.c_str()},
                                                                1) {}
    name_ownership(const name_ownership&) = delete;
    name_ownership& operator=(const name_ownership&) = delete;

    ~name_ownership() {
        if (owned_ && !is_lost() && !g_dbus_connection_is_closed(bus_))
            g_dbus_connection_call(bus_, bus_name, bus_path, bus_interface, "ReleaseName",
                                   g_variant_new("(s)", name_.c_str()), nullptr,
                                   G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, nullptr, nullptr, nullptr);
    }

    const std::string& name() const noexcept { return name_; }
    bool is_lost() const noexcept { return lost_ || losses_.kept() > 0 || closed(); }

    task<> request(GBusNameOwnerFlags flags) {
        const auto all = static_cast<std::uint32_t>(flags | G_BUS_NAME_OWNER_FLAGS_DO_NOT_QUEUE);
        // Whoever is cancelled meanwhile has the name, and gives it back.
        const auto reply = static_cast<request_reply>(
            co_await shield(ask_bus<std::uint32_t>(bus_, "RequestName", name_, all)));
        owned_ = reply == request_reply::owned;
        // What was lost before is another's, that this connection gave back.
        while (losses_.kept() > 0)
            co_await losses_.next();
        if (owned_)
            co_return;
        if (reply == request_reply::already_owner)
            throw error("org.freedesktop.DBus.Error.NameHasOwner",
                        "this connection owns the name '" + name_ + "' already");
        const auto owner = co_await as_result(ask_bus<std::string>(bus_, "GetNameOwner", name_));
        throw error("org.freedesktop.DBus.Error.NameHasOwner",
                    "the name '" + name_ + "' is taken" + (owner ? " by " + *owner : ""));
    }

    task<> lost() {
        if (!lost_)
            co_await losses_.next();
        lost_ = true;
        losses_.close(); // for others that wait
    }

    task<> release() {
        owned_ = false;
        co_await ask_bus<std::uint32_t>(bus_, "ReleaseName", name_);
        lost_ = true;
    }

private:
    /// What `RequestName` answers.
    enum class request_reply : std::uint32_t { owned = 1, queued, exists, already_owner };

    bool closed() const noexcept { return g_dbus_connection_is_closed(bus_); }

    const ref<GDBusConnection> bus_;
    const std::string name_;
    signals<std::string> losses_;
    bool owned_ = false;
    bool lost_ = false;
};

} // namespace detail

owned_name::owned_name(std::unique_ptr<detail::name_ownership> owned) noexcept
    : owned_(std::move(owned)) {}
owned_name::owned_name(owned_name&&) noexcept = default;
owned_name& owned_name::operator=(owned_name&&) noexcept = default;
owned_name::~owned_name() = default;

detail::name_ownership& owned_name::owned() const {
    if (!owned_)
        throw gawait::detail::moved_from_error("gawait::dbus::owned_name");
    return *owned_;
}

const std::string& owned_name::name() const { return owned().name(); }
bool owned_name::is_lost() const { return owned().is_lost(); }
task<> owned_name::lost() { return owned().lost(); }
task<> owned_name::release() { return owned().release(); }

task<owned_name> own_name(ref<GDBusConnection> bus, std::string name, GBusNameOwnerFlags flags) {
    detail::check_connection(bus);
    detail::check_bus_name(name);
    if (name.starts_with(':'))
        throw value_error("'" + name + "' is a unique name, which the bus gives");
    auto owned = std::make_unique<detail::name_ownership>(std::move(bus), std::move(name));
    co_await owned->request(flags);
    co_return owned_name(std::move(owned));
}

async_generator<std::string> owners_of(ref<GDBusConnection> bus, std::string name) {
    detail::check_connection(bus);
    detail::check_bus_name(name);
    signals<std::tuple<std::string, std::string, std::string>> changes(
        bus, detail::owner_changes_of(name.c_str()));
    std::string owner;
    const auto now = co_await as_result(detail::ask_bus<std::string>(bus, "GetNameOwner", name));
    if (now)
        owner = *now;
    else if (!now.error().matches(G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
        now.value(); // throws
    // The answer is later than what came before it.
    while (changes.kept() > 0)
        co_await changes.next();
    co_yield owner;
    while (auto change = co_await changes.next())
        co_yield std::get<2>(*change);
}

} // namespace gawait::dbus
