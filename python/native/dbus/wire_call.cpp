#include "dbus/wire_call.hpp"

#include "awaiting/operation.hpp"
#include "dbus/type.hpp"
#include "pygobject.hpp"

#include <atomic>
#include <memory>
#include <string>

namespace gawait::python {
namespace {

using dbus::detail::received_message;
using dbus::detail::wire;

/// Owns itself until the operation has ended, and it is in no queue.
class wire_call final : public wire::waiting_call, public operation_runner {
public:
    wire_call(PyObject* operation, PyObject* what, PyObject* reply) noexcept
        : operation_(object::retain(operation)), what_(object::retain(what)),
          reply_(object::retain(reply)) {}

    static bool begin(wire& by, GDBusConnection* connection,
                      const dbus::detail::message_to_write& call, GUnixFDList* descriptors,
                      int timeout_ms, std::unique_ptr<wire_call> made) noexcept {
        if (!by.call(connection, call, descriptors, timeout_ms, *made))
            return false;
        wire_call& self = *made.release();
        self.connection_ = ref<GDBusConnection>::retain(connection);
        self.by_ = &by;
        self.home_ = engine_ref(by.home());
        run_by(self.operation_.get(), self);
        return true;
    }

    void replied(const received_message& reply) noexcept override {
        const with_gil held;
        end([&] { return value_of(reply); });
    }

    void failed(error reason) noexcept override {
        const with_gil held;
        end([&] { return raised(reason.release()); });
    }

    void cancel() noexcept override {
        if (!cancel_posted_.exchange(true))
            home_->post(cancelling_);
    }

    void end_if_done() noexcept override {}

    void heed(GCancellable* cancellable) noexcept override {
        heeded_ = ref<GCancellable>::retain(cancellable);
        connected_ =
            g_cancellable_connect(cancellable, G_CALLBACK(+[](GCancellable*, gpointer self) {
                                      static_cast<wire_call*>(self)->cancel();
                                  }),
                                  this, nullptr);
    }

private:
    struct step : job {
        step(function run, wire_call& ends) noexcept : job(run), of(ends) {}
        wire_call& of;
    };

    static object raised(GError* failure) noexcept {
        pyg_error_check(&failure);
        return {};
    }

    /// Null with an exception set on failure.
    object value_of(const received_message& reply) const noexcept {
        const auto& type = *reinterpret_cast<const dbus_type*>(reply_.get());
        GError* failure = nullptr;
        ref<GVariant> values;
        if (reply.header.type == G_DBUS_MESSAGE_TYPE_METHOD_RETURN)
            values = reply.header.values();
        if (!values) {
            const auto parsed = reply.parsed(&failure);
            if (!parsed || g_dbus_message_to_gerror(parsed, &failure))
                return raised(failure);
            values = ref<GVariant>::retain(g_dbus_message_get_body(parsed));
            if (!values)
                values = ref<GVariant>::adopt(g_variant_ref_sink(g_variant_new("()")));
        }
        if (g_variant_is_of_type(values, type.variant_type()))
            return unpack_whole(type, values, reply.descriptors);
        g_set_error(&failure, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                    g_dgettext("glib20", "Method “%s” returned type “%s”, but expected “%s”"),
                    method_name().c_str(), g_variant_get_type_string(values),
                    type.signature.c_str());
        return raised(failure);
    }

    std::string method_name() const noexcept {
        const auto part = [this](Py_ssize_t index) {
            return PyUnicode_AsUTF8(PyTuple_GET_ITEM(what_.get(), index));
        };
        return std::string(part(2)) + '.' + part(3);
    }

    /// With the GIL.
    template <class Value> void end(Value value) noexcept {
        const std::unique_ptr<wire_call> owned(this);
        if (heeded_) { // of which a handler in another thread may want the GIL
            const without_gil released;
            g_cancellable_disconnect(heeded_, connected_);
        }
        if (cancel_posted_.exchange(true)) // also of one that a value's own code cancels
            home_->withdraw(cancelling_);
        end_by_runner(operation_.get(), value());
    }

    object operation_;
    object what_;
    object reply_; // its type
    ref<GDBusConnection> connection_;
    wire* by_ = nullptr; // the connection's
    engine_ref home_;
    ref<GCancellable> heeded_;
    gulong connected_ = 0;
    std::atomic<bool> cancel_posted_{false};
    step cancelling_{[](job& self) noexcept {
                         wire_call& of = static_cast<step&>(self).of;
                         of.by_->forget(of);
                         const with_gil held;
                         of.cancel_posted_ = false;
                         of.end([] {
                             GError* failure = nullptr;
                             set_cancelled(&failure);
                             return raised(failure);
                         });
                     },
                     *this};
};

} // namespace

bool call_by_wire(wire& by, GDBusConnection* connection, const dbus::detail::message_to_write& call,
                  GUnixFDList* descriptors, int timeout_ms, PyObject* operation, PyObject* what,
                  PyObject* reply) noexcept {
    return wire_call::begin(by, connection, call, descriptors, timeout_ms,
                            std::make_unique<wire_call>(operation, what, reply));
}

} // namespace gawait::python
