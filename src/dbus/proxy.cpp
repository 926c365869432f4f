#include "gawait/dbus/proxy.hpp"

#include "dbus/names.hpp"

#include <algorithm>

namespace gawait::dbus {

proxy::proxy(ref<GDBusConnection> bus, std::string destination, object_path path)
    : bus_(std::move(bus)), destination_(std::move(destination)), path_(std::move(path)) {
    detail::check_connection(bus_);
    if (!destination_.empty())
        detail::check_bus_name(destination_);
}

namespace detail {

property_news news_of(const std::string& property, properties_change& change) {
    auto& [interface, values, invalidated] = change;
    if (const auto found = values.find(property); found != values.end())
        return {true, std::move(found->second)};
    return {std::ranges::find(invalidated, property) != invalidated.end(), {}};
}

} // namespace detail
} // namespace gawait::dbus
