#include "gawait/dbus/detail/wire.hpp"

#include "gawait/engine/fd_watch.hpp"

#include <gio/gunixfdlist.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace gawait::dbus::detail {
namespace {

/// GDBus counts its own from 1.
constexpr guint32 first_serial = 0x80000000;

/// Is that which a marker replies to, and no call's.
constexpr guint32 marker_serial = 0xffffffff;

constexpr gint64 never = std::numeric_limits<gint64>::max();
constexpr int default_timeout_ms = 25'000;

/// How long something waits for what was sent by GDBus before it, in microseconds, while none of
/// that comes. It does come, unless a filter of GDBus's drops it.
constexpr gint64 longest_hold = 1'000'000;

GQuark wire_quark() noexcept {
    static const GQuark quark = g_quark_from_static_string("gawait-dbus-wire");
    return quark;
}

error error_of_gdbus(GIOErrorEnum code, const char* text) noexcept {
    return error(code, g_dgettext("glib20", text));
}

std::string place_of(std::string_view path, std::string_view interface) noexcept {
    std::string place;
    place.reserve(path.size() + 1 + interface.size());
    return place.append(path).append(1, ' ').append(interface);
}

} // namespace

/// A watch of one of the sockets.
struct wire::side : fd_watch {
    side(wire& by, int fd, GIOCondition condition, void (wire::*react_with)() noexcept) noexcept
        : fd_watch(
              [](fd_watch& self) noexcept {
                  auto& ready = static_cast<side&>(self);
                  if (ready.of.is_open_)
                      (ready.of.*ready.react)();
                  else
                      ready.of.let_go();
              },
              fd, condition),
          of(by), react(react_with) {}

    void watch() noexcept {
        try {
            if (!watching())
                of.home_->watch(*this);
        } catch (const error&) { // the kernel has no room
            of.end();
        }
    }

    void unwatch() noexcept {
        if (watching())
            of.home_->unwatch(*this);
    }

    wire& of;
    void (wire::*react)() noexcept;
};

/// The job that writes what a round has sent.
struct wire::step : job {
    explicit step(wire& by) noexcept
        : job([](job& self) noexcept {
              auto& due = static_cast<step&>(self);
              due.is_posted = false;
              due.of.flush_bus();
          }),
          of(by) {}

    void post() noexcept {
        if (!is_posted)
            is_posted = of.home_->post(*this);
    }

    void withdraw() noexcept {
        if (std::exchange(is_posted, false))
            of.home_->withdraw(*this);
    }

    wire& of;
    bool is_posted = false;
};

struct wire::hook : engine::close_hook {
    explicit hook(wire& by) noexcept
        : close_hook([](close_hook& self) noexcept { static_cast<hook&>(self).of.end(); }), of(by) {
    }

    wire& of;
};

/// In real time, as GDBus has it, which goes on where the engine's time is virtual.
struct wire::deadline_source {
    GSource base;
    wire* of;
};

/// What GDBus's thread calls with all that it gets. What it has found until then is to be given out
/// by sources, of which this adds one behind them.
struct wire::filter {
    std::shared_ptr<wire> of;
    ref<GMainContext> context;

    static void drop(gpointer data) noexcept {
        const std::unique_ptr<filter> last(static_cast<filter*>(data));
    }

    static GDBusMessage* on_message(GDBusConnection*, GDBusMessage* message, gboolean is_incoming,
                                    gpointer data) noexcept {
        if (!is_incoming || g_dbus_message_get_reply_serial(message) != marker_serial)
            return message;
        g_object_unref(message);
        const auto& self = *static_cast<const filter*>(data);
        const auto source = ref<GSource>::adopt(g_idle_source_new());
        g_source_set_priority(source, G_PRIORITY_DEFAULT);
        g_source_set_static_name(source, "[gawait] what comes after GDBus's messages");
        g_source_set_callback(
            source,
            [](gpointer given) -> gboolean {
                const std::shared_ptr<wire> kept = static_cast<filter*>(given)->of;
                kept->on_marker();
                return G_SOURCE_REMOVE;
            },
            std::make_unique<filter>(self).release(), drop);
        g_source_attach(source, self.context);
        return nullptr;
    }
};

wire::wire(by_open, engine& home, int bus, int peer)
    : home_(home), process_(getpid()), bus_(bus), peer_(peer), last_serial_(first_serial - 1),
      wakes_at_(never), bus_readable_(std::make_unique<side>(*this, bus, G_IO_IN, &wire::on_bus)),
      bus_writable_(std::make_unique<side>(*this, bus, G_IO_OUT, &wire::flush_bus)),
      peer_readable_(std::make_unique<side>(*this, peer, G_IO_IN, &wire::on_peer)),
      peer_writable_(std::make_unique<side>(*this, peer, G_IO_OUT, &wire::flush_peer)),
      flushing_(std::make_unique<step>(*this)), closing_(std::make_unique<hook>(*this)) {
    static GSourceFuncs functions = {
        .prepare = nullptr,
        .check = nullptr,
        .dispatch = [](GSource* source, GSourceFunc, gpointer) -> gboolean {
            reinterpret_cast<deadline_source*>(source)->of->on_deadline();
            return G_SOURCE_CONTINUE;
        },
        .finalize = nullptr,
        .closure_callback = nullptr,
        .closure_marshal = nullptr,
    };
    deadlines_ = ref<GSource>::adopt(g_source_new(&functions, sizeof(deadline_source)));
    reinterpret_cast<deadline_source*>(deadlines_.get())->of = this;
    g_source_set_static_name(deadlines_, "[gawait] deadlines of D-Bus calls");
}

wire::~wire() {
    if (is_open_)
        close_sockets();
}

std::shared_ptr<wire> wire::open(engine& home, int bus, int peer) {
    auto made = std::make_shared<wire>(by_open(), home, bus, peer);
    home.watch(*made->bus_readable_);
    try {
        home.watch(*made->peer_readable_);
    } catch (const error&) {
        home.unwatch(*made->bus_readable_);
        throw;
    }
    g_source_attach(made->deadlines_, home.context());
    home.add(*made->closing_);
    made->self_ = made;
    return made;
}

wire* wire::of(GDBusConnection* connection) noexcept {
    void* const found = g_object_get_qdata(G_OBJECT(connection), wire_quark());
    if (!found)
        return nullptr;
    wire* const its = static_cast<std::shared_ptr<wire>*>(found)->get();
    // In another thread nothing else of it is looked at.
    return its->home_->on_owner_thread() && its->is_open_ && !its->only_drains_ &&
                   !g_dbus_connection_is_closed(connection) && !its->was_forked()
               ? its
               : nullptr;
}

void wire::attach(GDBusConnection* connection) noexcept {
    if (!self_)
        return;
    g_dbus_connection_add_filter(
        connection, filter::on_message,
        std::make_unique<filter>(self_, ref<GMainContext>::retain(home_->context())).release(),
        filter::drop);
    auto kept = std::make_unique<std::shared_ptr<wire>>(self_);
    g_object_set_qdata_full(G_OBJECT(connection), wire_quark(), kept.release(), [](gpointer data) {
        const std::unique_ptr<std::shared_ptr<wire>> last(
            static_cast<std::shared_ptr<wire>*>(data));
    });
}

// Sending ------------------------------------------------------------------------

/// Where to put what is to go after all that this thread has sent by GDBus, which GDBus's thread
/// writes when it comes to that.
message_queue& wire::queue_after(GDBusConnection* connection) noexcept {
    const guint32 sent = g_dbus_connection_get_last_serial(connection);
    if (sent > last_passed_ && sent < first_serial) {
        awaited_ = sent;
        if (held_.empty()) {
            held_until_ = g_get_monotonic_time() + longest_hold;
            wake_by(held_until_);
        }
        return held_;
    }
    return held_.empty() ? to_bus_ : held_;
}

bool wire::append(GDBusConnection* connection, message_to_write& message,
                  GUnixFDList* descriptors) noexcept {
    message.descriptors =
        descriptors ? static_cast<guint32>(g_unix_fd_list_get_length(descriptors)) : 0;
    if (descriptors &&
        !(g_dbus_connection_get_capabilities(connection) & G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING))
        return false;
    message.serial = next_serial();
    const auto write = [&](std::string& into) { return write_message(message, into); };
    if (!queue_after(connection).append_written(descriptors, write))
        return false;
    flushing_->post();
    return true;
}

guint32 wire::next_serial() noexcept {
    do
        last_serial_ = last_serial_ + 1 == marker_serial ? first_serial : last_serial_ + 1;
    while (calls_.contains(last_serial_));
    return last_serial_;
}

bool wire::send(GDBusConnection* connection, message_to_write message,
                GUnixFDList* descriptors) noexcept {
    return append(connection, message, descriptors);
}

bool wire::call(GDBusConnection* connection, const message_to_write& message,
                GUnixFDList* descriptors, int timeout_ms, waiting_call& waiting) noexcept {
    message_to_write sent = message;
    if (!append(connection, sent, descriptors))
        return false;
    waiting.serial_ = sent.serial;
    waiting.deadline_ = never;
    if (timeout_ms != G_MAXINT) {
        const gint64 timeout = timeout_ms == -1 ? default_timeout_ms : timeout_ms;
        waiting.deadline_ = g_get_monotonic_time() + 1000 * timeout;
        wake_by(waiting.deadline_);
    }
    calls_.emplace(sent.serial, &waiting);
    return true;
}

void wire::forget(waiting_call& waiting) noexcept { calls_.erase(waiting.serial_); }

void wire::serve(std::string_view path, std::string_view interface,
                 std::shared_ptr<served_object> object) noexcept {
    objects_.insert_or_assign(place_of(path, interface), std::move(object));
}

void wire::unserve(std::string_view path, std::string_view interface) noexcept {
    objects_.erase(place_of(path, interface));
}

// Between the sockets ------------------------------------------------------------

/// Once, as the engine asks again: others get their turn between.
void wire::on_bus() noexcept {
    if (was_forked())
        return;
    const auto kept = self_;
    switch (from_bus_.receive(bus_)) {
    case message_reader::state::nothing:
        return;
    case message_reader::state::some:
        take_from_bus();
        break;
    case message_reader::state::ended:
        take_from_bus();
        bus_ended();
        break;
    }
    flush_peer();
}

void wire::take_from_bus() noexcept {
    if (!is_authenticated_) {
        to_peer_.append(from_bus_.rest());
        from_bus_.skip(from_bus_.rest().size());
        return;
    }
    received_message message;
    while (is_open_) {
        switch (from_bus_.next(message)) {
        case message_reader::found::nothing:
            return;
        case message_reader::found::message:
            if (is_for_here(message.header))
                receive(message);
            else
                pass_to_peer(message);
            break;
        case message_reader::found::garbage:
            to_peer_.append(from_bus_.rest()); // GDBus says what is wrong with it
            from_bus_.skip(from_bus_.rest().size());
            bus_ended();
            return;
        }
    }
}

bool wire::is_for_here(const message_header& header) const noexcept {
    switch (header.type) {
    case G_DBUS_MESSAGE_TYPE_METHOD_RETURN:
    case G_DBUS_MESSAGE_TYPE_ERROR:
        return header.reply_serial == marker_serial || calls_.contains(header.reply_serial);
    case G_DBUS_MESSAGE_TYPE_METHOD_CALL:
        return !objects_.empty() && objects_.contains(place_of(header.path, header.interface));
    default:
        return false;
    }
}

void wire::pass_to_peer(const received_message& message) noexcept {
    to_peer_.append(message.bytes, message.descriptors);
    needs_marker_ = true;
}

void wire::receive(const received_message& message) noexcept {
    if (needs_marker_) {
        const auto nothing = ref<GVariant>::adopt(g_variant_ref_sink(g_variant_new("()")));
        to_peer_.append_written(nullptr, [&](std::string& into) {
            return write_message({.type = G_DBUS_MESSAGE_TYPE_METHOD_RETURN,
                                  .serial = marker_serial,
                                  .reply_serial = marker_serial,
                                  .values = nothing},
                                 into);
        });
        needs_marker_ = false;
        ++markers_;
    }
    if (markers_ == markers_back_ && late_.empty())
        give(message);
    else
        late_.push_back({message, markers_});
}

void wire::give(const received_message& message) noexcept {
    const message_header& header = message.header;
    if (header.type == G_DBUS_MESSAGE_TYPE_METHOD_CALL) {
        const auto found = objects_.find(place_of(header.path, header.interface));
        const auto object = found == objects_.end() ? nullptr : found->second; // it may unserve
        if (!object || !object->called(message))
            pass_to_peer(message);
        return;
    }
    const auto found = calls_.find(header.reply_serial);
    if (found == calls_.end())
        return; // it was forgotten, or nobody asked
    waiting_call& waiting = *found->second;
    calls_.erase(found);
    waiting.replied(message);
}

void wire::on_marker() noexcept {
    if (markers_back_ != markers_)
        ++markers_back_;
    while (!late_.empty() && late_.front().after <= markers_back_) {
        const received_message next = std::move(late_.front().message);
        late_.pop_front();
        give(next);
    }
    flush_peer();
}

void wire::give_all_late() noexcept {
    markers_back_ = markers_;
    on_marker();
}

void wire::on_peer() noexcept {
    if (was_forked())
        return;
    const auto kept = self_;
    const message_reader::state state = from_peer_.receive(peer_);
    if (state == message_reader::state::nothing)
        return;
    if (!is_authenticated_)
        pass_on_handshake(from_peer_.rest());
    if (is_authenticated_)
        take_from_peer();
    if (state == message_reader::state::ended)
        peer_ended();
    flush_bus();
}

/// Until the line after which there are messages.
void wire::pass_on_handshake(std::string_view bytes) noexcept {
    std::size_t size = 0;
    while (size < bytes.size() && !is_authenticated_) {
        const char next = bytes[size++];
        line_.push_back(next);
        if (next != '\n')
            continue;
        is_authenticated_ = line_ == "BEGIN\r\n";
        line_.clear();
    }
    to_bus_.append(bytes.substr(0, size));
    from_peer_.skip(size);
}

void wire::take_from_peer() noexcept {
    received_message message;
    for (;;) {
        switch (from_peer_.next(message)) {
        case message_reader::found::nothing:
            return;
        case message_reader::found::message:
            to_bus_.append(message.bytes, message.descriptors);
            last_passed_ = message.header.serial;
            if (held_.empty())
                break;
            if (last_passed_ >= awaited_)
                release_held();
            else
                held_until_ = g_get_monotonic_time() + longest_hold;
            break;
        case message_reader::found::garbage:
            end();
            return;
        }
    }
}

void wire::release_held() noexcept {
    to_bus_.append(std::move(held_));
    last_passed_ = std::max(last_passed_, awaited_);
    flushing_->post();
}

void wire::flush_bus() noexcept {
    if (!is_open_ || was_forked())
        return;
    if (!to_bus_.send(bus_)) {
        bus_ended();
        return;
    }
    if (!to_bus_.empty())
        bus_writable_->watch();
    else if (only_drains_)
        end();
    else
        bus_writable_->unwatch();
}

void wire::flush_peer() noexcept {
    if (!is_open_ || was_forked())
        return;
    if (!to_peer_.send(peer_)) {
        peer_ended();
        return;
    }
    if (!to_peer_.empty())
        peer_writable_->watch();
    else if (only_drains_)
        end();
    else
        peer_writable_->unwatch();
}

// Ending -------------------------------------------------------------------------

/// GDBus is to get what has come until now.
void wire::bus_ended() noexcept {
    if (!is_open_)
        return;
    if (std::exchange(only_drains_, true)) {
        end();
        return;
    }
    for (const auto& each : {bus_readable_.get(), bus_writable_.get(), peer_readable_.get()})
        each->unwatch();
    give_all_late();
    fail_all();
    flush_peer();
}

/// The bus is to get what was sent until now.
void wire::peer_ended() noexcept {
    if (!is_open_)
        return;
    if (std::exchange(only_drains_, true)) {
        end();
        return;
    }
    for (const auto& each : {bus_readable_.get(), peer_readable_.get(), peer_writable_.get()})
        each->unwatch();
    release_held();
    give_all_late();
    fail_all();
    flush_bus();
}

void wire::end() noexcept {
    if (!std::exchange(is_open_, false))
        return;
    if (process_ == getpid()) {
        if (!only_drains_) {
            while (is_authenticated_ && from_peer_.receive(peer_) == message_reader::state::some)
                take_from_peer();
            to_bus_.append(std::move(held_));
        }
        std::ignore = to_bus_.send(bus_);
    }
    const auto kept = self_;
    for (const auto& each :
         {bus_readable_.get(), bus_writable_.get(), peer_readable_.get(), peer_writable_.get()})
        each->unwatch();
    flushing_->withdraw();
    home_->remove(*closing_);
    g_source_destroy(deadlines_);
    close_sockets();
    give_all_late();
    fail_all();
    objects_.clear();
    let_go();
}

void wire::close_sockets() noexcept {
    ::close(bus_);
    ::close(peer_);
    from_bus_.clear();
    from_peer_.clear();
}

void wire::let_go() noexcept {
    for (const auto& each :
         {bus_readable_.get(), bus_writable_.get(), peer_readable_.get(), peer_writable_.get()})
        if (each->queued())
            return;
    const auto last = std::move(self_);
}

/// The parent goes on with its sockets.
bool wire::was_forked() noexcept {
    if (process_ == getpid()) [[likely]]
        return false;
    end();
    return true;
}

void wire::fail(std::unordered_map<guint32, waiting_call*>::iterator which, error reason) noexcept {
    waiting_call& failing = *which->second;
    calls_.erase(which);
    failing.failed(std::move(reason));
}

/// One after the other: what one runs may end others.
void wire::fail_all() noexcept {
    while (!calls_.empty())
        fail(calls_.begin(), error_of_gdbus(G_IO_ERROR_CLOSED, "The connection is closed"));
}

// Time ---------------------------------------------------------------------------

void wire::wake_by(gint64 deadline) noexcept {
    if (deadline >= wakes_at_)
        return;
    wakes_at_ = deadline;
    g_source_set_ready_time(deadlines_, deadline);
}

/// Calls that have ended meanwhile were left as they are: it is rarely called.
void wire::on_deadline() noexcept {
    const auto kept = self_;
    const gint64 now = g_get_monotonic_time();
    wakes_at_ = never;
    if (!held_.empty()) {
        if (held_until_ <= now)
            release_held();
        else
            wakes_at_ = held_until_;
    }
    std::vector<guint32> due;
    for (const auto& [serial, each] : calls_) {
        if (each->deadline_ <= now)
            due.push_back(serial);
        else
            wakes_at_ = std::min(wakes_at_, each->deadline_);
    }
    g_source_set_ready_time(deadlines_, wakes_at_ == never ? -1 : wakes_at_);
    for (const guint32 serial : due)
        if (const auto found = calls_.find(serial); found != calls_.end())
            fail(found, error_of_gdbus(G_IO_ERROR_TIMED_OUT, "Timeout was reached"));
}

} // namespace gawait::dbus::detail
