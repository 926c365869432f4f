#include "dbus/interface_state.hpp"

#include "dbus/limits.hpp"
#include "dbus/names.hpp"
#include "gawait/dbus/proxy.hpp"
#include "gawait/unobserved.hpp"

#include <cstddef>

namespace gawait::dbus::detail {
namespace {

constexpr const char* tells_annotation = "org.freedesktop.DBus.Property.EmitsChangedSignal";

std::string quoted_in_xml(const std::string& text) {
    return unique_string(g_markup_escape_text(text.c_str(), gssize(text.size()))).get();
}

/// The elements of arguments, of which there may be fewer names than types.
std::string xml_of_arguments(std::string_view types, const std::vector<std::string>& names,
                             const char* direction) {
    std::string xml;
    std::size_t index = 0;
    const std::string text(types);
    const auto* type = g_variant_type_first(reinterpret_cast<const GVariantType*>(text.c_str()));
    for (; type; type = g_variant_type_next(type), ++index) {
        xml += "<arg type='";
        xml.append(g_variant_type_peek_string(type), g_variant_type_get_string_length(type));
        if (index < names.size())
            xml += "' name='" + quoted_in_xml(names[index]);
        if (direction)
            xml += std::string("' direction='") + direction;
        xml += "'/>";
    }
    return xml;
}

std::string types_of(GDBusArgInfo** arguments) {
    std::string types = "(";
    for (; arguments && *arguments; ++arguments)
        types += (*arguments)->signature;
    return types + ")";
}

const char* word_for(change_signal told) noexcept {
    switch (told) {
    case change_signal::with_value:
        return "true";
    case change_signal::invalidates:
        return "invalidates";
    case change_signal::constant:
        return "const";
    case change_signal::none:
        break;
    }
    return "false";
}

/// What a description says of a property, or else of all of the interface.
change_signal told_of(const GDBusPropertyInfo* property, const GDBusInterfaceInfo* of) {
    const char* word = g_dbus_annotation_info_lookup(property->annotations, tells_annotation);
    if (!word)
        word = g_dbus_annotation_info_lookup(of->annotations, tells_annotation);
    for (const auto each :
         {change_signal::invalidates, change_signal::constant, change_signal::none})
        if (g_strcmp0(word, word_for(each)) == 0)
            return each;
    return change_signal::with_value;
}

void check_types(const std::string& what, std::string_view given, std::string_view described) {
    if (given != described)
        throw value_error(what + " is '" + std::string(described) + "' by its description, not '" +
                          std::string(given) + "'");
}

} // namespace

interface_state::interface_state(std::string name, ref<GDBusInterfaceInfo> described)
    : name_(std::move(name)), description_(std::move(described)), described_(description_) {
    if (!described_)
        return;
    for (GDBusSignalInfo** each = description_->signals; each && *each; ++each)
        signals_.emplace((*each)->name, types_of((*each)->args));
}

void interface_state::check_addition(std::string_view name, bool known) const {
    const std::string text(name);
    check_member_name(text);
    if (completed_)
        throw gawait::error(G_IO_ERROR_BUSY, ("'" + text + "' cannot be added to the interface '" +
                                              name_ + "', which was exported already")
                                                 .c_str());
    if (known)
        throw value_error("the interface '" + name_ + "' has '" + text + "' already");
}

void interface_state::add_method(std::string_view name, std::string_view in, std::string_view out,
                                 const argument_names& names, method_function function) {
    check_addition(name, methods_.contains(name));
    const std::string text(name);
    if (described_) {
        const GDBusMethodInfo* const info =
            g_dbus_interface_info_lookup_method(description_, text.c_str());
        if (!info)
            throw value_error("the description of '" + name_ + "' has no method '" + text + "'");
        check_types("what the method '" + text + "' takes", in, types_of(info->in_args));
        check_types("what the method '" + text + "' gives", out, types_of(info->out_args));
    } else {
        members_ += "<method name='" + text + "'>" + xml_of_arguments(in, names.in, "in") +
                    xml_of_arguments(out, names.out, "out") + "</method>";
    }
    methods_.emplace(text, std::move(function));
}

void interface_state::add_property(std::string_view name, std::string_view type,
                                   getter_function getter, setter_function setter,
                                   change_signal told) {
    check_addition(name, properties_.contains(name));
    const std::string text(name);
    if (described_) {
        const GDBusPropertyInfo* const info =
            g_dbus_interface_info_lookup_property(description_, text.c_str());
        if (!info)
            throw value_error("the description of '" + name_ + "' has no property '" + text + "'");
        check_types("the property '" + text + "'", type, info->signature);
        told = told_of(info, description_);
    } else {
        const char* const access = getter && setter ? "readwrite" : getter ? "read" : "write";
        members_ += "<property name='" + text + "' type='" + std::string(type) + "' access='" +
                    access + "'><annotation name='" + tells_annotation + "' value='" +
                    word_for(told) + "'/></property>";
    }
    properties_.emplace(text,
                        property{std::string(type), std::move(getter), std::move(setter), told});
}

void interface_state::add_signal(std::string_view name, std::string_view types,
                                 const std::vector<std::string>& names) {
    const std::string text(name);
    const auto found = signals_.find(name);
    check_addition(name, !described_ && found != signals_.end());
    if (described_) {
        if (found == signals_.end())
            throw value_error("the description of '" + name_ + "' has no signal '" + text + "'");
        check_types("what the signal '" + text + "' carries", types, found->second);
        return;
    }
    members_ +=
        "<signal name='" + text + "'>" + xml_of_arguments(types, names, nullptr) + "</signal>";
    signals_.emplace(text, types);
}

const ref<GDBusInterfaceInfo>& interface_state::complete() {
    if (completed_)
        return description_;
    if (described_) {
        for (GDBusMethodInfo** each = description_->methods; each && *each; ++each)
            if (!methods_.contains((*each)->name))
                throw value_error("the method '" + name_ + "." + (*each)->name +
                                  "' has no handler");
        for (GDBusPropertyInfo** each = description_->properties; each && *each; ++each) {
            const auto found = properties_.find((*each)->name);
            const bool known = found != properties_.end();
            if ((((*each)->flags & G_DBUS_PROPERTY_INFO_FLAGS_READABLE) &&
                 !(known && found->second.getter)) ||
                (((*each)->flags & G_DBUS_PROPERTY_INFO_FLAGS_WRITABLE) &&
                 !(known && found->second.setter)))
                throw value_error("the property '" + name_ + "." + (*each)->name +
                                  "' lacks a handler");
        }
    } else {
        const std::string xml =
            "<node><interface name='" + name_ + "'>" + members_ + "</interface></node>";
        GError* failure = nullptr;
        const auto node =
            ref<GDBusNodeInfo>::adopt(g_dbus_node_info_new_for_xml(xml.c_str(), &failure));
        if (failure)
            throw gawait::error(failure);
        description_ = ref<GDBusInterfaceInfo>::retain(node->interfaces[0]);
    }
    completed_ = true;
    return description_;
}

task<answer> interface_state::run(const invocation& call, GDBusMethodInvocation* details) const {
    const std::string_view interface = g_dbus_method_invocation_get_interface_name(details);
    const std::string_view method = g_dbus_method_invocation_get_method_name(details);
    GVariant* const arguments = g_dbus_method_invocation_get_parameters(details);
    if (interface == properties_interface)
        return run_property(call, method, arguments);
    return methods_.find(method)->second(call, arguments); // it is in the description
}

task<answer> interface_state::run_property(const invocation& call, std::string_view method,
                                           GVariant* arguments) const {
    if (method == "GetAll") {
        const vardict all = co_await get_all();
        co_return answer_of<vardict>(all);
    }
    const auto named = child(arguments, 1);
    const auto found = properties_.find(text_of(named)); // it is in the description
    if (method == "Get")
        co_return co_await found->second.getter();
    const auto value = child(arguments, 2);
    GVariant* borrowed = value;
    const auto body = ref<GVariant>::adopt(g_variant_ref_sink(g_variant_new_tuple(&borrowed, 1)));
    co_return co_await found->second.setter(call, body);
}

task<vardict> interface_state::get_all() const {
    vardict all;
    for (const auto& [name, each] : properties_) {
        if (!each.getter)
            continue;
        try {
            const answer got = co_await each.getter();
            all.emplace(name, value_traits<variant>::from(child(got.body, 0), got.descriptors));
        } catch (const cancelled&) {
            throw;
        } catch (...) {
            gawait::detail::report_unobserved(gawait::detail::failure::current());
        }
    }
    co_return all;
}

void interface_state::emit(std::string_view signal, GVariant* body) const {
    const auto found = signals_.find(signal);
    const std::string text(signal);
    if (found == signals_.end())
        throw value_error("the interface '" + name_ + "' has no signal '" + text + "'");
    check_types("what the signal '" + text + "' carries", g_variant_get_type_string(body),
                found->second);
    send(name_.c_str(), text.c_str(), body);
}

void interface_state::tell(std::string_view property, const ref<GVariant>& value) const {
    const auto found = properties_.find(property);
    const std::string text(property);
    if (found == properties_.end())
        throw value_error("the interface '" + name_ + "' has no property '" + text + "'");
    if (value)
        check_types("the property '" + text + "'", g_variant_get_type_string(value),
                    found->second.type);
    const change_signal told = found->second.told;
    if (told == change_signal::constant)
        throw value_error("the property '" + text + "' never changes, by its description");
    if (told == change_signal::none)
        return;
    properties_change change{name_, {}, {}};
    if (value && told == change_signal::with_value)
        std::get<vardict>(change).emplace(text, variant(value));
    else
        std::get<std::vector<std::string>>(change).push_back(text);
    send(properties_interface, "PropertiesChanged", to_variant(change));
}

void interface_state::send(const char* interface, const char* signal, GVariant* body) const {
    check_body(body);
    for (const place& each : places_) // a connection that is closed says so itself
        g_dbus_connection_emit_signal(each.bus, nullptr, each.path.c_str(), interface, signal, body,
                                      nullptr);
}

} // namespace gawait::dbus::detail
