#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/error.hpp"
#include "gawait/gvalue.hpp"
#include "gawait/handle.hpp"
#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <source_location>
#include <span>
#include <type_traits>

namespace gawait {

/// An object that a signal or a property is of, of whatever holds one of the class `T` or of one
/// below it. Remembers where that was said, for the messages of errors.
template <class T> class emitter {
public:
    template <handle_to<T> Handle>
        requires(!std::is_null_pointer_v<Handle>)
    emitter(const Handle& handle,
            std::source_location where = std::source_location::current()) noexcept
        : object_(reinterpret_cast<GObject*>(handle_traits<Handle>::get(handle))), where_(where) {}

    /// One of any class.
    template <class Derived>
        requires(std::is_same_v<T, GObject> && !std::is_same_v<Derived, GObject>)
    emitter(const emitter<Derived>& object) noexcept
        : object_(object.object()), where_(object.where()) {}

    /// Borrowed.
    GObject* object() const noexcept { return object_; }
    const std::source_location& where() const noexcept { return where_; }

private:
    GObject* object_;
    std::source_location where_;
};

namespace detail {

/// A signal of an object, perhaps with a detail.
struct signal_of {
    ref<GObject> object;
    guint id = 0;
    GQuark detail = 0;
};

/// Finds a signal.
///
/// @param parameters C++ types, of which each parameter of the signal must become one.
/// @param answer the C++ type of what handlers return, or null.
/// @throws error `G_IO_ERROR_INVALID_ARGUMENT`
GAWAIT_API signal_of find_signal(const emitter<GObject>& object, const char* name,
                                 std::span<const gvalue_kind* const> parameters,
                                 const gvalue_kind* answer);

/// Finds the signal by which an object tells of changes of a property.
///
/// @throws error `G_IO_ERROR_INVALID_ARGUMENT`
GAWAIT_API signal_of find_property(const emitter<GObject>& object, const char* name,
                                   const gvalue_kind& kind);

/// What a handler of a signal is called: "a handler of the signal 'notify::title'". It stays.
GAWAIT_API const char* handler_of(const signal_of& signal);

/// @throws error `G_IO_ERROR_INVALID_ARGUMENT`, naming the signal, if it was moved from.
GAWAIT_API void require_object(const signal_of& signal);

/// The error of a wait for a signal that cannot come any more.
GAWAIT_API error signal_gone_error(guint signal);

/// A handler of a signal. It is shared by GLib, which may call it in any thread, and by whoever
/// connected it.
class GAWAIT_API signal_connection {
public:
    signal_connection() noexcept;
    signal_connection(const signal_connection&) = delete;
    signal_connection& operator=(const signal_connection&) = delete;
    virtual ~signal_connection();

    /// Connects a handler. To be called once.
    static void connect(const std::shared_ptr<signal_connection>& handler, const signal_of& signal);

    /// From any thread, any number of times. The handler is not called afterwards; this waits
    /// for the end of a call in another thread.
    void disconnect() noexcept;

    /// Whether `disconnect()` was called.
    bool disconnected() const noexcept { return disconnected_.load(std::memory_order_acquire); }

private:
    /// Called in the thread that emits, never twice at a time.
    ///
    /// @param arguments the emitter first.
    /// @param answer where the signal wants one, or null.
    virtual void emitted(const GValue* arguments, GValue* answer) noexcept = 0;

    /// Called in any thread, once, when nothing more can come: the object is disposed of, or
    /// somebody disconnected the handler.
    virtual void ended() noexcept = 0;

    void let_go() noexcept;

    static void marshal(GClosure* closure, GValue* answer, guint count, const GValue* arguments,
                        gpointer hint, gpointer data) noexcept;
    static void finalize(gpointer self, GClosure* closure) noexcept;

    std::recursive_mutex lock_; // held during a call, in which the same thread may emit again
    std::atomic<bool> disconnected_{false};
    GWeakRef object_;
    std::atomic<gulong> handler_{0};
    std::shared_ptr<signal_connection> self_; // as long as GLib has it
};

/// Disconnects at the end of its life.
template <class Connection> class connected {
public:
    explicit connected(std::shared_ptr<Connection> handler) noexcept
        : handler_(std::move(handler)) {}
    connected(connected&&) noexcept = default;

    connected& operator=(connected other) noexcept {
        std::swap(handler_, other.handler_);
        return *this;
    }

    ~connected() { disconnect(); }

    /// @param what for whom, in the message of an error.
    /// @throws error if it was moved from.
    Connection& get(const char* what) const {
        if (!handler_) [[unlikely]]
            throw moved_from_error(what);
        return *handler_;
    }

    /// Does nothing if it was moved from.
    void disconnect() const noexcept {
        if (handler_)
            handler_->disconnect();
    }

private:
    std::shared_ptr<Connection> handler_;
};

} // namespace detail
} // namespace gawait
