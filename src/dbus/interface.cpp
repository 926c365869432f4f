#include "gawait/dbus/interface.hpp"

#include "dbus/interface_state.hpp"
#include "dbus/names.hpp"

#include <utility>

namespace gawait::dbus {
namespace {

std::string interface_name(std::string_view name) {
    std::string text(name);
    detail::check_interface_name(text);
    for (const char* own : {"Introspectable", "Peer", "Properties"})
        if (text == std::string("org.freedesktop.DBus.") + own)
            throw value_error("'" + text + "' is answered by GDBus itself, for every object");
    return text;
}

ref<GDBusInterfaceInfo> described(std::string_view name, std::string_view description) {
    GError* failure = nullptr;
    const auto node = ref<GDBusNodeInfo>::adopt(
        g_dbus_node_info_new_for_xml(std::string(description).c_str(), &failure));
    if (failure)
        throw gawait::error(failure);
    GDBusInterfaceInfo* const found =
        g_dbus_node_info_lookup_interface(node, std::string(name).c_str());
    if (!found)
        throw value_error("the description has no interface '" + std::string(name) + "'");
    return ref<GDBusInterfaceInfo>::retain(found);
}

} // namespace

interface::interface(std::string_view name)
    : state_(std::make_shared<detail::interface_state>(interface_name(name), nullptr)) {}

interface::interface(std::string_view name, std::string_view description)
    : state_(std::make_shared<detail::interface_state>(interface_name(name),
                                                       described(name, description))) {}

const std::string& interface::name() const noexcept { return state_->name(); }

void interface::invalidated(std::string_view property) const { state_->tell(property, nullptr); }

task<vardict> interface::get_all() const {
    const auto state = state_; // which the handle may not outlive
    co_return co_await state->get_all();
}

void interface::add_method(std::string_view name, std::string_view in, std::string_view out,
                           argument_names names, detail::method_function function) {
    state_->add_method(name, in, out, names, std::move(function));
}

void interface::add_property(std::string_view name, std::string_view type,
                             detail::getter_function getter, detail::setter_function setter,
                             change_signal told) {
    state_->add_property(name, type, std::move(getter), std::move(setter), told);
}

void interface::add_signal(std::string_view name, std::string_view types,
                           std::vector<std::string> names) {
    state_->add_signal(name, types, names);
}

void interface::send(std::string_view signal, ref<GVariant> body) const {
    state_->emit(signal, body);
}

void interface::send_change(std::string_view property, ref<GVariant> value) const {
    state_->tell(property, value);
}

} // namespace gawait::dbus
