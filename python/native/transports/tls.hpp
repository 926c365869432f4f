#pragma once

#include "python.hpp"

#include <span>

namespace gawait::python {

/// What of asyncio's `SSLProtocol` is hot: its state, which its own methods find as attributes,
/// and what most messages go through. All else is left to these methods: handshake, shutdown,
/// pauses, failures.
///
/// What may raise returns false, or null, with an exception set.
struct tls_protocol {
    PyObject_HEAD object state; // of asyncio's enumeration
    object ssl_object;
    object incoming, outgoing; // the `ssl.MemoryBIO` of each direction
    object transport;          // the one below
    object app_protocol;       // the one above
    object backlog;            // what was written, and the SSL object did not take
    object incoming_high, incoming_low, outgoing_high, outgoing_low; // integers
    Py_ssize_t backlog_size;                                         // in bytes
    bool app_is_buffered;                                            // it is a BufferedProtocol
    bool app_reading_paused;                                         // by the protocol
    bool app_writing_paused;                                         // the protocol was told to
    bool ssl_reading_paused; // the transport below was told to
    bool ssl_writing_paused; // by the transport below
    bool is_changed;         // has a method of its own, or lacks what it had

    /// The handshake is done, and the shutdown has not begun.
    bool is_wrapped() const noexcept;

    /// What `get_buffer()` and `buffer_updated()` do: takes what a transport has received, in
    /// memory that is valid for so long.
    bool received(std::span<char> data);

    /// What `_do_read()` does.
    bool do_read();

    /// Whether it is wrapped, and nothing waits that was written.
    bool may_write() const noexcept;

    /// What `_write_appdata()` does while it `may_write()`.
    ///
    /// @param pieces for each of which `has_plain_bytes()`.
    bool write(std::span<PyObject* const> pieces);

private:
    PyObject* self() noexcept { return reinterpret_cast<PyObject*>(this); }

    bool give_data();
    bool fill_buffer();
    bool end_reading();
    int has_more(PyObject* ssl_socket) const;
    bool control_reading();

    bool encrypt(std::span<PyObject* const> pieces);
    bool keep(PyObject* data, Py_ssize_t skipped);
    bool send_what_waits();
    bool process_outgoing();

    bool fail();
};

inline tls_protocol& tls_of(PyObject* self) noexcept {
    return *reinterpret_cast<tls_protocol*>(self);
}

/// The state of a protocol that is ours, and whose methods nobody has replaced or overridden; or
/// null.
tls_protocol* original_tls_of(PyObject* protocol) noexcept;

/// Whether it is bytes, or another object with nothing but bytes, and at least one.
bool has_plain_bytes(PyObject* data) noexcept;

/// The method `_do_read()` of the standard library.
object do_read_in_python(PyObject* self) noexcept;

/// Finds what of asyncio it uses; false with an exception set on failure.
bool prepare_tls() noexcept;

/// Adds `TlsState`, from which the class of the protocol is derived, and the decorators
/// `with_tls_methods()`, of that class, and `with_tls_transport_methods()`, of that of its
/// transport; as above.
bool add_tls(PyObject* module) noexcept;

} // namespace gawait::python
