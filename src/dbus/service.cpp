#include "gawait/dbus/service.hpp"

#include "dbus/callers.hpp"
#include "dbus/closing.hpp"
#include "dbus/interface_state.hpp"
#include "dbus/names.hpp"
#include "dbus/pending_reply.hpp"
#include "gawait/engine/engine.hpp"

#include <list>
#include <utility>

namespace gawait::dbus {
namespace detail {

answer empty_answer() {
    return {ref<GVariant>::adopt(g_variant_ref_sink(g_variant_new_tuple(nullptr, 0))), {}};
}

/// What cancels the calls of an object. Shared by these.
class object_calls {
public:
    explicit object_calls(std::shared_ptr<callers> all)
        : all_(std::move(all)), cancel_(&all_->cancel()) {}

    callers& all() const noexcept { return *all_; }
    gawait::detail::cancellation& cancel() noexcept { return cancel_; }

private:
    const std::shared_ptr<callers> all_;
    gawait::detail::cancellation cancel_;
};

namespace {

task<> answer_call(std::shared_ptr<object_calls> object, std::shared_ptr<const interface_state> of,
                   pending_reply reply) {
    if (object->cancel().requested())
        co_return; // it is no more
    const auto details = ref<GDBusMethodInvocation>::retain(reply.call());
    const invocation call(details);
    callers::running_call running(object->all(), g_dbus_method_invocation_get_sender(details),
                                  object->cancel());
    auto ended =
        co_await gawait::detail::outcome_under<answer>(running.cancel(), of->run(call, details));
    if (const auto exception = ended.exception())
        reply.fail(error_of(exception));
    else
        reply.give(ended.take());
}

} // namespace

class exported_state {
public:
    exported_state(scope& calls, ref<GDBusConnection> bus, object_path path, interface_list all)
        : scope_(calls), bus_(std::move(bus)), path_(std::move(path)), interfaces_(std::move(all)) {
        check_connection(bus_);
        if (g_dbus_connection_is_closed(bus_))
            throw gawait::error(G_IO_ERROR_CLOSED, "the connection is closed");
        for (const interface& each : interfaces_)
            each.state()->complete();
        object_ = std::make_shared<object_calls>(callers::of(calls, bus_));
        object_->all().enter();
        try {
            for (const interface& each : interfaces_)
                add(each.state());
        } catch (...) {
            unexport();
            throw;
        }
    }

    exported_state(const exported_state&) = delete;
    exported_state& operator=(const exported_state&) = delete;
    ~exported_state() { unexport(); }

    const object_path& path() const noexcept { return path_; }
    const interface_list& interfaces() const noexcept { return interfaces_; }

    bool is_exported() const noexcept { return object_ && !object_->cancel().requested(); }

    void unexport() noexcept {
        const auto object = std::exchange(object_, nullptr);
        if (!object)
            return;
        for (const registration& each : registrations_) {
            g_dbus_connection_unregister_object(bus_, each.id);
            each.of->remove(each.place);
        }
        registrations_.clear();
        object->cancel().request();
        object->all().leave();
    }

private:
    /// What GDBus knows one interface of the object by.
    struct registration {
        exported_state& owner;
        std::shared_ptr<interface_state> of;
        guint id = 0;
        interface_state::place_in_list place;
    };

    void add(const std::shared_ptr<interface_state>& of) {
        static constexpr GDBusInterfaceVTable table{on_call, nullptr, nullptr, {}};
        const thread_default_scope context(*scope_.group().env().home);
        registration& added = registrations_.emplace_back(registration{*this, of});
        GError* failure = nullptr;
        added.id = g_dbus_connection_register_object(bus_, path_.c_str(), of->complete(), &table,
                                                     &added, nullptr, &failure);
        if (failure) {
            registrations_.pop_back();
            throw gawait::error(failure);
        }
        added.place = of->add({bus_, path_.str()});
    }

    // Calls of methods, and of properties, whose functions GDBus would want an answer of at once.
    static void on_call(GDBusConnection* /*bus*/, const char* /*sender*/, const char* /*path*/,
                        const char* /*interface*/, const char* /*method*/, GVariant* /*arguments*/,
                        GDBusMethodInvocation* call, gpointer registered) noexcept {
        const auto& of = *static_cast<registration*>(registered);
        pending_reply reply(ref<GDBusMethodInvocation>::adopt(call));
        of.owner.scope_.spawn(answer_call(of.owner.object_, of.of, std::move(reply)));
    }

    scope& scope_;
    const ref<GDBusConnection> bus_;
    const object_path path_;
    const interface_list interfaces_;
    std::shared_ptr<object_calls> object_; // as long as it is exported
    std::list<registration> registrations_;
};

/// What `serve()` does meanwhile. (A lambda has a name in its source file only, of which the
/// library compiles several at once.)
class body_until_closed {
public:
    explicit body_until_closed(ref<GDBusConnection> bus) noexcept : bus_(std::move(bus)) {}
    task<> operator()(exported& /*object*/) const { return until_closed(bus_); }

private:
    ref<GDBusConnection> bus_;
};

} // namespace detail

exported::exported(scope& calls, ref<GDBusConnection> bus, object_path path, interface_list all)
    : state_(std::make_unique<detail::exported_state>(calls, std::move(bus), std::move(path),
                                                      std::move(all))) {}
exported::exported(exported&&) noexcept = default;
exported& exported::operator=(exported&&) noexcept = default;
exported::~exported() = default;

const detail::exported_state& exported::state() const {
    if (!state_)
        throw gawait::detail::moved_from_error("gawait::dbus::exported");
    return *state_;
}

const object_path& exported::path() const { return state().path(); }
const interface_list& exported::interfaces() const { return state().interfaces(); }
bool exported::is_exported() const noexcept { return state_ && state_->is_exported(); }

void exported::unexport() noexcept {
    if (state_)
        state_->unexport();
}

task<> serve(ref<GDBusConnection> bus, object_path path, interface_list all) {
    const detail::body_until_closed body(bus);
    auto serving = with_exported(std::move(bus), std::move(path), std::move(all), body);
    co_await serving;
}

} // namespace gawait::dbus
