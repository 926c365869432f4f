#include "gawait/dbus/object_manager.hpp"

#include <optional>
#include <string_view>
#include <utility>

namespace gawait::dbus {
namespace detail {

/// What a manager and its objects share.
class managed_state : public std::enable_shared_from_this<managed_state> {
public:
    managed_state(scope& calls, ref<GDBusConnection> bus, object_path path)
        : scope_(calls), bus_(std::move(bus)), path_(std::move(path)) {}

    void begin() {
        const std::weak_ptr<managed_state> weak = weak_from_this();
        manager_
            .method("GetManagedObjects",
                    [weak]() -> task<managed_objects> {
                        const auto self = weak.lock();
                        return self ? all(self) : none();
                    },
                    {.in = {}, .out = {"object_paths_interfaces_and_properties"}})
            .signal<object_path, interface_properties>("InterfacesAdded",
                                                       {"object_path", "interfaces_and_properties"})
            .signal<object_path, std::vector<std::string>>("InterfacesRemoved",
                                                           {"object_path", "interfaces"});
        exported_.emplace(scope_, bus_, path_, manager_);
    }

    void end() noexcept { exported_.reset(); }

    static task<managed_object> add(std::shared_ptr<managed_state> self, object_path path,
                                    interface_list interfaces) {
        self->check_below(path);
        exported object(self->scope_, self->bus_, path, interfaces);
        const interface_properties properties = co_await properties_of(interfaces);
        if (!self->objects_.emplace(path, std::move(interfaces)).second)
            throw gawait::error(G_IO_ERROR_EXISTS,
                                ("'" + path.str() + "' is managed already").c_str());
        managed_object added(self, std::move(object)); // which is removed again if telling fails
        self->manager_.emit("InterfacesAdded", path, properties);
        co_return added;
    }

    void remove(const object_path& path) {
        const auto removed = objects_.extract(path);
        std::vector<std::string> names;
        for (const interface& each : removed.mapped())
            names.push_back(each.name());
        manager_.emit("InterfacesRemoved", path, names);
    }

private:
    void check_below(const object_path& path) const {
        const std::string_view whole = path;
        const std::string_view root = path_;
        const bool below = root == "/" || (whole.starts_with(root) && whole.size() > root.size() &&
                                           whole[root.size()] == '/');
        if (!below || whole == root)
            throw value_error("'" + path.str() + "' is not below '" + path_.str() +
                              "', whose objects are managed");
    }

    static task<interface_properties> properties_of(interface_list interfaces) {
        interface_properties properties;
        for (const interface& each : interfaces) {
            auto values = co_await each.get_all();
            properties.emplace(each.name(), std::move(values));
        }
        co_return properties;
    }

    static task<managed_objects> all(std::shared_ptr<managed_state> self) {
        managed_objects found;
        const auto now = self->objects_; // others may come and go meanwhile
        for (const auto& [path, interfaces] : now) {
            auto properties = co_await properties_of(interfaces);
            found.emplace(path, std::move(properties));
        }
        std::erase_if(found,
                      [&](const auto& each) { return !self->objects_.contains(each.first); });
        co_return found;
    }

    static task<managed_objects> none() { co_return managed_objects(); }

    scope& scope_;
    const ref<GDBusConnection> bus_;
    const object_path path_;
    interface manager_{object_manager_interface};
    std::map<object_path, interface_list> objects_;
    std::optional<exported> exported_;
};

} // namespace detail

managed_object::managed_object(std::shared_ptr<detail::managed_state> manager,
                               exported object) noexcept
    : manager_(std::move(manager)), object_(std::move(object)) {}

managed_object::managed_object(managed_object&&) noexcept = default;

managed_object& managed_object::operator=(managed_object&& other) noexcept {
    managed_object taken(std::move(other));
    std::swap(manager_, taken.manager_);
    std::swap(object_, taken.object_);
    return *this;
}

managed_object::~managed_object() {
    if (!manager_)
        return;
    object_.unexport();
    manager_->remove(object_.path());
}

object_manager::object_manager(scope& calls, ref<GDBusConnection> bus, object_path path)
    : state_(std::make_shared<detail::managed_state>(calls, std::move(bus), std::move(path))) {
    state_->begin();
}

object_manager::object_manager(object_manager&&) noexcept = default;

object_manager& object_manager::operator=(object_manager&& other) noexcept {
    object_manager taken(std::move(other));
    std::swap(state_, taken.state_);
    return *this;
}

object_manager::~object_manager() {
    if (state_)
        state_->end();
}

task<managed_object> object_manager::add(object_path path, interface_list interfaces) {
    if (!state_)
        throw gawait::detail::moved_from_error("gawait::dbus::object_manager");
    return detail::managed_state::add(state_, std::move(path), std::move(interfaces));
}

} // namespace gawait::dbus
