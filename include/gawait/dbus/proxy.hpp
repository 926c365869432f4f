#pragma once

#include "gawait/async_generator.hpp"
#include "gawait/dbus/call.hpp"
#include "gawait/dbus/signals.hpp"
#include "gawait/dbus/value.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace gawait::dbus {

inline constexpr const char* properties_interface = "org.freedesktop.DBus.Properties";

template <class T> class property;

/// A remote object: a connection, who has the object, and its path. Knows nothing else of it, and
/// asks nobody anything until it is called. Cheap to make; what it gives does not need it alive.
///
/// `gawait-gen` writes a class derived from it for each interface of a description.
class GAWAIT_API proxy {
public:
    /// @param destination empty on a connection without a bus.
    /// @throws value_error if there is no such name or path.
    proxy(ref<GDBusConnection> bus, std::string destination, object_path path);

    GDBusConnection* connection() const noexcept GAWAIT_LIFETIMEBOUND { return bus_; }
    const std::string& destination() const noexcept GAWAIT_LIFETIMEBOUND { return destination_; }
    const object_path& path() const noexcept GAWAIT_LIFETIMEBOUND { return path_; }

    /// How long answers are waited for, and flags of calls. For all that comes.
    call_options& options() noexcept GAWAIT_LIFETIMEBOUND { return options_; }
    const call_options& options() const noexcept GAWAIT_LIFETIMEBOUND { return options_; }

    /// `dbus::call()` of a method.
    template <class Result = void, class... Arguments>
    call_operation<Result> call(const cstring& interface, const cstring& method,
                                const Arguments&... arguments) const {
        return dbus::call<Result>(options_, bus_, destination_or_null(), path_, interface, method,
                                  arguments...);
    }

    /// One of its signals.
    ///
    /// @param most how many are kept between two steps; of more the oldest go.
    template <class T>
    dbus::signals<T> signals(const char* interface, const char* member,
                             std::size_t most = kept_emissions) const {
        return dbus::signals<T>(bus_, match(interface, member), most);
    }

    template <class T> dbus::property<T> property(std::string interface, std::string name) const {
        return dbus::property<T>(*this, std::move(interface), std::move(name));
    }

    /// All properties of an interface that can be read.
    call_operation<vardict> get_all(const cstring& interface) const {
        return call<vardict>(properties_interface, "GetAll", interface.get());
    }

    /// Its signals of an interface and a name, of which null is any. Borrows the proxy's strings.
    signal_match match(const char* interface, const char* member) const noexcept {
        return {.sender = destination_or_null(),
                .path = path_.c_str(),
                .interface = interface,
                .member = member};
    }

private:
    const char* destination_or_null() const noexcept {
        return destination_.empty() ? nullptr : destination_.c_str();
    }

    ref<GDBusConnection> bus_;
    std::string destination_;
    object_path path_;
    call_options options_;
};

namespace detail {

/// What `PropertiesChanged` carries.
using properties_change = std::tuple<std::string, vardict, std::vector<std::string>>;

/// What a change says of a property.
struct property_news {
    bool changed = false;
    std::optional<variant> value; // none if it has to be asked for
};

GAWAIT_API property_news news_of(const std::string& property, properties_change& change);

} // namespace detail

/// A property of a remote object.
template <class T> class property {
public:
    using value_type = T;

    property(proxy of, std::string interface, std::string name)
        : proxy_(std::move(of)), interface_(std::move(interface)), name_(std::move(name)) {}

    /// Asks for the value.
    ///
    /// @throws as `dbus::call()`; type_error if it is of another type.
    auto get() const {
        return proxy_.call<detail::boxed<T>>(properties_interface, "Get", interface_, name_);
    }

    /// @throws as `dbus::call()`.
    auto set(const T& value) const {
        return proxy_.call(properties_interface, "Set", interface_, name_, detail::boxed<T>{value});
    }

    /// The values: the one that it has now, and then after each change that the object tells of.
    /// A value that it does not tell, it is asked for. Ends when the connection is closed.
    ///
    /// @param most how many changes, of whatever property of the interface, are kept between two
    ///     steps; of more the oldest go.
    async_generator<T> values(std::size_t most = kept_emissions) const {
        return values(proxy_, interface_, name_, most);
    }

private:
    static async_generator<T> values(proxy of, std::string interface, std::string name,
                                     std::size_t most);

    proxy proxy_;
    std::string interface_;
    std::string name_;
};

template <class T>
async_generator<T> property<T>::values(proxy of, std::string interface, std::string name,
                                       std::size_t most) {
    signal_match which = of.match(properties_interface, "PropertiesChanged");
    which.argument = interface.c_str();
    dbus::signals<detail::properties_change> changes(of.connection(), which, most);
    const property self(std::move(of), std::move(interface), std::move(name));
    T value = co_await self.get();
    co_yield std::move(value);
    while (auto change = co_await changes.next()) {
        auto news = detail::news_of(self.name_, *change);
        if (!news.changed)
            continue;
        if (news.value)
            value = news.value->template get<T>();
        else
            value = co_await self.get();
        co_yield std::move(value);
    }
}

} // namespace gawait::dbus
