#include "transports/tls.hpp"

#include "transports/attribute.hpp"

#include <algorithm>

namespace gawait::python {
namespace {

/// What a record carries at most.
constexpr Py_ssize_t record_size = Py_ssize_t{16} * 1024;

// Made once.
PyObject* wrapped; // asyncio's states
PyObject* handshaking;
PyObject* flushing;
PyObject* shutting_down;
PyObject* again_errors; // a tuple
PyObject* empty_bytes;
PyObject* failure_message;

/// What does the work of an `ssl.SSLObject`, which passes it on.
object ssl_socket_of(const object& ssl_object) noexcept {
    return attribute<"_sslobj">(ssl_object.get());
}

/// How much is in a `ssl.MemoryBIO`, in bytes; less than zero with an exception set on failure.
Py_ssize_t pending_in(const object& buffer) noexcept {
    const object pending = attribute<"pending">(buffer.get());
    return pending ? PyLong_AsSsize_t(pending.get()) : -1;
}

/// Whether the exception that is set says that more has to come, or to go, first. It is cleared
/// then.
bool has_to_wait() noexcept {
    if (!PyErr_ExceptionMatches(again_errors))
        return false;
    PyErr_Clear();
    return true;
}

/// The bytes of an object behind the first ones.
object without_first(PyObject* data, Py_ssize_t count) noexcept {
    const auto view = object::adopt(PyMemoryView_FromObject(data));
    return view ? object::adopt(PySequence_GetSlice(view.get(), count, PY_SSIZE_T_MAX)) : object();
}

/// Whether a size compares so with a limit, an integer; -1 with an exception set on failure.
int compare(Py_ssize_t size, const object& limit, int operation) noexcept {
    const auto number = object::adopt(PyLong_FromSsize_t(size));
    return number ? PyObject_RichCompareBool(number.get(), limit.get(), operation) : -1;
}

} // namespace

bool has_plain_bytes(PyObject* data) noexcept {
    if (PyBytes_CheckExact(data)) [[likely]]
        return PyBytes_GET_SIZE(data) > 0;
    if (PyByteArray_CheckExact(data))
        return PyByteArray_GET_SIZE(data) > 0;
    if (!PyMemoryView_Check(data))
        return false;
    const Py_buffer& view = *PyMemoryView_GET_BUFFER(data);
    return view.ndim == 1 && view.itemsize == 1 && view.len > 0;
}

bool tls_protocol::is_wrapped() const noexcept { return state.get() == wrapped; }

// Reading ------------------------------------------------------------------------

bool tls_protocol::received(std::span<char> data) {
    const auto view = object::adopt(
        PyMemoryView_FromMemory(data.data(), static_cast<Py_ssize_t>(data.size()), PyBUF_READ));
    if (!view || !call_method<"write">(incoming.get(), view.get()))
        return false;
    if (is_wrapped()) [[likely]]
        return do_read();
    if (state.get() == handshaking)
        return bool(call_method<"_do_handshake">(self()));
    if (state.get() == flushing)
        return bool(call_method<"_do_flush">(self()));
    return state.get() != shutting_down || call_method<"_do_shutdown">(self());
}

bool tls_protocol::do_read() {
    if (!is_wrapped() || app_reading_paused)
        return bool(do_read_in_python(self()));
    const bool done =
        (app_is_buffered ? fill_buffer() : give_data()) && send_what_waits() && control_reading();
    return done || fail();
}

/// Whether a read may find more: 1, 0, or -1 with an exception set. A read that finds nothing
/// raises, which takes longer than to decrypt a small message.
int tls_protocol::has_more(PyObject* ssl_socket) const {
    if (const Py_ssize_t encrypted = pending_in(incoming); encrypted != 0)
        return encrypted < 0 ? -1 : 1;
    const object decrypted = call_method<"pending">(ssl_socket);
    return decrypted ? PyObject_IsTrue(decrypted.get()) : -1;
}

/// Gives the protocol all that can be decrypted, at once.
bool tls_protocol::give_data() {
    const object ssl_socket = ssl_socket_of(ssl_object);
    const Py_ssize_t encrypted = ssl_socket ? pending_in(incoming) : -1;
    if (encrypted < 0)
        return false;
    object data, chunks; // a list, if they are several
    bool ended = false;
    // Of a small record the memory is of its size.
    Py_ssize_t most = encrypted > 0 ? std::min(encrypted, record_size) : record_size;
    for (int more = 1; more; more = has_more(ssl_socket.get()), most = record_size) {
        const auto size = object::adopt(PyLong_FromSsize_t(most));
        object chunk =
            size && more > 0 ? call_method<"read">(ssl_socket.get(), size.get()) : object();
        if (!chunk && has_to_wait())
            break;
        const Py_ssize_t length = chunk ? PyObject_Size(chunk.get()) : -1;
        if (length < 0)
            return false;
        ended = length == 0;
        if (ended)
            break;
        if (!data) {
            data = std::move(chunk);
            continue;
        }
        if (!chunks)
            chunks = object::adopt(Py_BuildValue("[O]", data.get()));
        if (!chunks || PyList_Append(chunks.get(), chunk.get()) < 0)
            return false;
    }
    if (chunks) {
        data = call_method<"join">(empty_bytes, chunks.get());
        if (!data)
            return false;
    }
    const object to = app_protocol;
    if (data && !call_method<"data_received">(to.get(), data.get()))
        return false;
    return !ended || end_reading();
}

/// Has a BufferedProtocol take what fits in its buffer; the rest is for the next round.
bool tls_protocol::fill_buffer() {
    const object ssl_socket = ssl_socket_of(ssl_object);
    const object hint = ssl_socket ? attribute<"pending">(incoming.get()) : object();
    const object buffer =
        hint ? call_method<"_app_protocol_get_buffer">(self(), hint.get()) : object();
    const Py_ssize_t length = buffer ? PyObject_Size(buffer.get()) : -1;
    if (length < 0)
        return false;
    object into = buffer;
    Py_ssize_t filled = 0;
    bool ended = false;
    for (int more = 1; more; more = has_more(ssl_socket.get())) {
        if (filled > 0)
            into = without_first(buffer.get(), filled);
        const auto size = object::adopt(PyLong_FromSsize_t(length - filled));
        const object count = size && into && more > 0
                                 ? call_method<"read">(ssl_socket.get(), size.get(), into.get())
                                 : object();
        if (!count && has_to_wait())
            break;
        const Py_ssize_t came = count ? PyLong_AsSsize_t(count.get()) : -1;
        if (came < 0)
            return false;
        ended = came == 0;
        filled += came;
        if (ended)
            break;
        if (filled == length) {
            const object loop = attribute<"_loop">(self()), again = attribute<"_do_read">(self());
            if (!loop || !again || !call_method<"call_soon">(loop.get(), again.get()))
                return false;
            break;
        }
    }
    if (filled > 0) {
        const auto count = object::adopt(PyLong_FromSsize_t(filled));
        if (!count || !call_method<"_app_protocol_buffer_updated">(self(), count.get()))
            return false;
    }
    return !ended || end_reading();
}

/// The other side has ended the connection.
bool tls_protocol::end_reading() {
    return call_method<"_call_eof_received">(self()) && call_method<"_start_shutdown">(self());
}

/// Has the transport below pause and resume reading.
bool tls_protocol::control_reading() {
    const Py_ssize_t size = pending_in(incoming);
    const int due = size < 0             ? -1
                    : ssl_reading_paused ? compare(size, incoming_low, Py_LE)
                                         : compare(size, incoming_high, Py_GE);
    return due <= 0 ? due == 0 : bool(call_method<"_control_ssl_reading">(self()));
}

// Writing ------------------------------------------------------------------------

bool tls_protocol::may_write() const noexcept {
    return is_wrapped() && backlog_size == 0 && PyObject_Size(backlog.get()) == 0;
}

bool tls_protocol::write(std::span<PyObject* const> pieces) {
    return (encrypt(pieces) && process_outgoing()) || fail();
}

/// Encrypts what was written. What may not be encrypted now is kept; and so it is on failure, as
/// asyncio has it.
bool tls_protocol::encrypt(std::span<PyObject* const> pieces) {
    const object ssl_socket = ssl_socket_of(ssl_object);
    if (!ssl_socket)
        return false;
    for (auto each = pieces.begin(); each != pieces.end(); ++each) {
        const Py_ssize_t length = PyObject_Size(*each);
        for (Py_ssize_t done = 0; done < length;) {
            // A record is made at a time.
            const object rest = done == 0 ? object::retain(*each) : without_first(*each, done);
            const object count =
                rest ? call_method<"write">(ssl_socket.get(), rest.get()) : object();
            const Py_ssize_t taken = count ? PyLong_AsSsize_t(count.get()) : -1;
            if (taken < 0) {
                const object failure = has_to_wait() ? object() : take_exception();
                for (auto left = each; left != pieces.end(); ++left)
                    if (!keep(*left, left == each ? done : 0))
                        return false;
                if (failure)
                    raise(failure);
                return !failure;
            }
            done += taken;
        }
    }
    return true;
}

bool tls_protocol::keep(PyObject* data, Py_ssize_t skipped) {
    const Py_ssize_t length = PyObject_Size(data);
    const auto rest = skipped == 0 ? object::retain(data)
                                   : object::adopt(PySequence_GetSlice(data, skipped, length));
    if (!rest || !call_method<"append">(backlog.get(), rest.get()))
        return false;
    backlog_size += length - skipped;
    return true;
}

bool tls_protocol::send_what_waits() {
    const Py_ssize_t waiting = PyObject_Size(backlog.get());
    return waiting == 0 ? process_outgoing() : waiting > 0 && call_method<"_do_write">(self());
}

/// Gives the transport below what was encrypted, and has the protocol pause and resume writing.
bool tls_protocol::process_outgoing() {
    const Py_ssize_t encrypted = ssl_writing_paused ? 0 : pending_in(outgoing);
    if (encrypted < 0)
        return false;
    if (encrypted > 0) {
        const object data = call_method<"read">(outgoing.get()), to = transport;
        if (!data || !call_method<"write">(to.get(), data.get()))
            return false;
    }
    const Py_ssize_t left = pending_in(outgoing);
    const Py_ssize_t size = left + backlog_size;
    const int due = left < 0             ? -1
                    : app_writing_paused ? compare(size, outgoing_low, Py_LE)
                                         : compare(size, outgoing_high, Py_GE);
    return due <= 0 ? due == 0 : bool(call_method<"_control_app_writing">(self()));
}

// Failing ------------------------------------------------------------------------

/// Does with the exception that is set what asyncio does: true if that is done with it.
bool tls_protocol::fail() {
    if (!PyErr_ExceptionMatches(PyExc_Exception))
        return false;
    const object failure = take_exception();
    // What is logged of it is that which is being handled.
    const auto handled = object::adopt(PyErr_GetHandledException());
    PyErr_SetHandledException(failure.get());
    const object done = call_method<"_fatal_error">(self(), failure.get(), failure_message);
    PyErr_SetHandledException(handled.get());
    return bool(done);
}

bool prepare_tls() noexcept {
    const auto states = object::adopt(import_attribute("asyncio.sslproto", "SSLProtocolState"));
    if (!states)
        return false;
    wrapped = PyObject_GetAttrString(states.get(), "WRAPPED");
    handshaking = PyObject_GetAttrString(states.get(), "DO_HANDSHAKE");
    flushing = PyObject_GetAttrString(states.get(), "FLUSHING");
    shutting_down = PyObject_GetAttrString(states.get(), "SHUTDOWN");
    again_errors = import_attribute("asyncio.sslproto", "SSLAgainErrors");
    empty_bytes = PyBytes_FromStringAndSize(nullptr, 0);
    failure_message = PyUnicode_FromString("Fatal error on SSL protocol");
    return wrapped && handshaking && flushing && shutting_down && again_errors && empty_bytes &&
           failure_message;
}

} // namespace gawait::python
