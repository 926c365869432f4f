#include "gawait/dbus/detail/subscription.hpp"

#include "dbus/names.hpp"

#include <mutex>
#include <unordered_map>
#include <utility>

namespace gawait::dbus::detail {
namespace {

// GDBus may have a signal on its way when another thread unsubscribes, and frees what belongs to a
// subscription only if its context is iterated further. So it is given numbers.
std::mutex lock;
std::unordered_map<gsize, std::weak_ptr<subscription>> all;
gsize last_number = 0;

gsize add(const std::shared_ptr<subscription>& added) {
    const std::lock_guard guard(lock);
    all.emplace(++last_number, added);
    return last_number;
}

void remove(gsize number) noexcept {
    const std::lock_guard guard(lock);
    all.erase(number);
}

std::shared_ptr<subscription> find(gsize number) noexcept {
    const std::lock_guard guard(lock);
    const auto found = all.find(number);
    return found == all.end() ? nullptr : found->second.lock();
}

void check(const signal_match& which) {
    if (which.sender)
        check_bus_name(which.sender);
    if (which.path)
        check_object_path(which.path);
    if (which.interface)
        check_interface_name(which.interface);
    if (which.member)
        check_member_name(which.member);
}

} // namespace

gawait::detail::connected<subscription>
subscription::begin(GDBusConnection* bus, const signal_match& which, std::size_t most) {
    check_connection(bus);
    check(which);
    auto begun = std::make_shared<subscription>(bus, most);
    begun->subscribe(which);
    return gawait::detail::connected<subscription>(std::move(begun));
}

subscription::subscription(GDBusConnection* bus, std::size_t most)
    : bus_(ref<GDBusConnection>::retain(bus)),
      home_(ref<GMainContext>::adopt(g_main_context_ref_thread_default())), received_(most) {}

subscription::~subscription() = default;

void subscription::subscribe(const signal_match& which) {
    connect(shared_from_this(), {ref<GObject>::retain(G_OBJECT(bus_.get())),
                                 g_signal_lookup("closed", G_TYPE_DBUS_CONNECTION), 0});
    if (g_dbus_connection_is_closed(bus_)) { // perhaps before it could say so
        disconnect();
        return;
    }
    number_ = add(shared_from_this());
    auto* const number = GSIZE_TO_POINTER(number_); // NOLINT(performance-no-int-to-ptr)
    id_ = g_dbus_connection_signal_subscribe(bus_, which.sender, which.interface, which.member,
                                             which.path, which.argument, G_DBUS_SIGNAL_FLAGS_NONE,
                                             on_signal, number, nullptr);
}

// It is closed in another context, maybe, than signals come in: those that came before are let by.
void subscription::emitted(const GValue* /*arguments*/, GValue* /*answer*/) noexcept {
    auto kept = std::make_unique<std::shared_ptr<subscription>>(shared_from_this());
    g_main_context_invoke_full(
        home_, G_PRIORITY_DEFAULT,
        [](gpointer self) -> gboolean {
            (*static_cast<std::shared_ptr<subscription>*>(self))->disconnect();
            return G_SOURCE_REMOVE;
        },
        kept.release(),
        [](gpointer self) {
            const std::unique_ptr<std::shared_ptr<subscription>> last(
                static_cast<std::shared_ptr<subscription>*>(self));
        });
}

void subscription::ended() noexcept {
    remove(number_);
    if (const guint id = std::exchange(id_, 0))
        g_dbus_connection_signal_unsubscribe(bus_, id);
    received_.close();
}

void subscription::on_signal(GDBusConnection* /*bus*/, const char* /*sender*/, const char* /*path*/,
                             const char* /*interface*/, const char* /*member*/, GVariant* body,
                             gpointer number) noexcept {
    if (const auto self = find(GPOINTER_TO_SIZE(number)))
        self->received_.send_newest(ref<GVariant>::retain(body));
}

} // namespace gawait::dbus::detail
