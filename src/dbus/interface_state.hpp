#pragma once

#include "gawait/dbus/detail/handler.hpp"
#include "gawait/dbus/interface.hpp"
#include "gawait/ref.hpp"
#include "gawait/task.hpp"

#include <gio/gio.h>

#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gawait::dbus::detail {

/// What an interface is, beside its handles.
class interface_state {
public:
    /// @param described null for one whose description is made of what is added.
    interface_state(std::string name, ref<GDBusInterfaceInfo> described);

    const std::string& name() const noexcept { return name_; }

    // What a handle adds. Types of methods and signals are those of all arguments: "(su)".
    void add_method(std::string_view name, std::string_view in, std::string_view out,
                    const argument_names& names, method_function function);
    void add_property(std::string_view name, std::string_view type, getter_function getter,
                      setter_function setter, change_signal told);
    void add_signal(std::string_view name, std::string_view types,
                    const std::vector<std::string>& names);

    /// What GDBus is told, which nothing can be added to afterwards.
    ///
    /// @throws value_error if something lacks its handler.
    const ref<GDBusInterfaceInfo>& complete();

    /// Answers a call of a method of the interface, or of its properties.
    task<answer> run(const invocation& call, GDBusMethodInvocation* details) const;
    task<vardict> get_all() const;

    /// Where objects have it.
    struct place {
        ref<GDBusConnection> bus;
        std::string path;
    };
    using place_in_list = std::list<place>::const_iterator;
    place_in_list add(place where) { return places_.insert(places_.end(), std::move(where)); }
    void remove(place_in_list where) noexcept { places_.erase(where); }

    void emit(std::string_view signal, GVariant* body) const;
    void tell(std::string_view property, const ref<GVariant>& value) const;

private:
    struct property {
        std::string type;
        getter_function getter;
        setter_function setter;
        change_signal told;
    };

    void check_addition(std::string_view name, bool known) const;
    task<answer> run_property(const invocation& call, std::string_view method,
                              GVariant* arguments) const;
    void send(const char* interface, const char* signal, GVariant* body) const;

    const std::string name_;
    ref<GDBusInterfaceInfo> description_;
    const bool described_;
    bool completed_ = false;
    std::string members_; // XML, of one that is not described
    std::map<std::string, method_function, std::less<>> methods_;
    std::map<std::string, property, std::less<>> properties_;
    std::map<std::string, std::string, std::less<>> signals_;
    std::list<place> places_;
};

} // namespace gawait::dbus::detail
