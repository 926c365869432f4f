#pragma once

#include "gawait/dbus/detail/message_queue.hpp"
#include "gawait/dbus/detail/message_reader.hpp"
#include "gawait/engine/engine.hpp"
#include "gawait/error.hpp"

#include <sys/types.h>

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace gawait::dbus::detail {

/// The socket of a connection to a message bus, read and written by the engine in the thread of its
/// context, where GDBus has a thread for that. GDBus gets one end of a pair of sockets, and what it
/// writes there goes on to the bus, and what comes from there to it; but for what is sent here, and
/// for replies to that.
///
/// It authenticates by itself, as the wire passes on all there is until GDBus has begun.
///
/// All keeps its order: what this thread sends here goes after what it has sent by GDBus, and what
/// comes for who is here waits until GDBus has given out what came before.
///
/// All members are for the thread that iterates the context, unless they say otherwise. It ends
/// with the socket, the connection, the context, or when it is told to, and then closes both
/// sockets. A process that was forked has none: there it ends when it is first used.
class GAWAIT_API wire {
    struct by_open {}; // who may make one

public:
    /// Waits for the reply to a call. One of the two is called, once, and it may end itself there.
    class waiting_call {
    public:
        virtual void replied(const received_message& reply) noexcept = 0;
        virtual void failed(error reason) noexcept = 0;

    protected:
        waiting_call() noexcept = default;
        waiting_call(const waiting_call&) = delete;
        waiting_call& operator=(const waiting_call&) = delete;
        ~waiting_call() = default;

    private:
        friend class wire;

        guint32 serial_ = 0;
        gint64 deadline_ = 0; // as g_get_monotonic_time() has it
    };

    /// What answers the calls of an interface at a path.
    class served_object {
    public:
        /// @return whether it has taken the call. If not, GDBus gets it.
        virtual bool called(const received_message& call) noexcept = 0;

    protected:
        served_object() noexcept = default;
        served_object(const served_object&) = delete;
        served_object& operator=(const served_object&) = delete;

    public:
        virtual ~served_object() = default;
    };

    /// Begins to pass on what comes. It keeps itself until it ends.
    ///
    /// @param bus, peer stream sockets, which are taken over: the one to the bus, and one of the
    ///     pair of which GDBus has the other
    /// @throws error if they cannot be watched
    static std::shared_ptr<wire> open(engine& home, int bus, int peer);

    /// The wire of a connection that may be used in this thread, or null. From any thread. Borrowed
    /// from the connection.
    static wire* of(GDBusConnection* connection) noexcept;

    wire(by_open, engine& home, int bus, int peer);
    wire(const wire&) = delete;
    wire& operator=(const wire&) = delete;
    ~wire();

    /// Has it be found by the connection that GDBus has made of the other end.
    void attach(GDBusConnection* connection) noexcept;

    /// Whether it has not ended.
    bool is_open() const noexcept { return is_open_; }

    engine& home() const noexcept { return *home_; }

    /// Sends a message, to which it gives a serial: after all that this thread has sent by
    /// GDBus, and all of a round in one go.
    ///
    /// @param connection the one that this is the wire of
    /// @param descriptors may be null
    /// @return false if D-Bus, or this connection, cannot carry what is in it.
    bool send(GDBusConnection* connection, message_to_write message,
              GUnixFDList* descriptors) noexcept;

    /// Sends a call, of which `waiting` gets the reply; or an error, as GDBus has it, if there is
    /// none in time, or the wire ends.
    ///
    /// @param timeout_ms as of g_dbus_connection_call()
    /// @return false as `send()`
    bool call(GDBusConnection* connection, const message_to_write& message,
              GUnixFDList* descriptors, int timeout_ms, waiting_call& waiting) noexcept;

    /// Has a call wait no longer; its reply is then nobody's.
    void forget(waiting_call& waiting) noexcept;

    /// Has calls be given to an object, until `unserve()` or the end.
    void serve(std::string_view path, std::string_view interface,
               std::shared_ptr<served_object> object) noexcept;
    void unserve(std::string_view path, std::string_view interface) noexcept;

    /// Sends what can be sent at once, and closes both sockets. Calls that wait fail.
    void end() noexcept;

private:
    struct side;
    struct step;
    struct hook;
    struct deadline_source;
    struct filter;

    message_queue& queue_after(GDBusConnection* connection) noexcept;
    bool append(GDBusConnection* connection, message_to_write& message,
                GUnixFDList* descriptors) noexcept;
    guint32 next_serial() noexcept;

    void on_bus() noexcept;
    void on_peer() noexcept;
    void pass_on_handshake(std::string_view bytes) noexcept;
    void take_from_bus() noexcept;
    void pass_to_peer(const received_message& message) noexcept;
    bool is_for_here(const message_header& header) const noexcept;
    void receive(const received_message& message) noexcept;
    void give(const received_message& message) noexcept;
    void on_marker() noexcept;
    void give_all_late() noexcept;
    void take_from_peer() noexcept;
    void release_held() noexcept;

    void flush_bus() noexcept;
    void flush_peer() noexcept;
    void bus_ended() noexcept;
    void peer_ended() noexcept;
    void close_sockets() noexcept;
    void let_go() noexcept;
    bool was_forked() noexcept;
    void fail(std::unordered_map<guint32, waiting_call*>::iterator which, error reason) noexcept;
    void fail_all() noexcept;

    void wake_by(gint64 deadline) noexcept;
    void on_deadline() noexcept;

    engine_ref home_;
    std::shared_ptr<wire> self_; // until it has ended, and no watch of it is queued
    bool is_open_ = true;
    bool is_authenticated_ = false;
    bool only_drains_ = false; // one side has ended, and the other gets what there is for it
    pid_t process_;

    int bus_, peer_;
    message_reader from_bus_, from_peer_;
    message_queue to_bus_, to_peer_;
    std::string line_; // of the handshake, that the peer has not ended yet

    // Of what this thread has sent by GDBus, and what of it has come here.
    guint32 last_passed_ = 0;
    guint32 awaited_ = 0;
    message_queue held_; // that is to go after that
    gint64 held_until_ = 0;

    // GDBus gives out what it gets in its own time: a marker behind that tells when it has.
    bool needs_marker_ = false;
    unsigned markers_ = 0, markers_back_ = 0;
    struct late_message {
        received_message message;
        unsigned after; // so many markers
    };
    std::deque<late_message> late_;

    guint32 last_serial_;
    std::unordered_map<guint32, waiting_call*> calls_;
    std::unordered_map<std::string, std::shared_ptr<served_object>> objects_;

    gint64 wakes_at_;
    ref<GSource> deadlines_;
    std::unique_ptr<side> bus_readable_, bus_writable_, peer_readable_, peer_writable_;
    std::unique_ptr<step> flushing_;
    std::unique_ptr<hook> closing_;
};

} // namespace gawait::dbus::detail
