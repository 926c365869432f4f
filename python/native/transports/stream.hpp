#pragma once

#include "python.hpp"
#include "transports/attribute.hpp"
#include "transports/flow_control.hpp"
#include "transports/parties.hpp"
#include "transports/write_buffer.hpp"

#include <array>
#include <span>

namespace gawait::python {

/// The transport of a stream socket, over TCP or of another family; asyncio's
/// `_SelectorSocketTransport`.
///
/// What may raise returns false, or null, with an exception set. That is what asyncio's raises too:
/// other than the mistakes of a caller, only what ends the loop's run.
struct stream {
    PyObject_HEAD PyObject* extra;     // the slot of asyncio.BaseTransport
    std::array<PyObject*, 4> not_used; // those of asyncio's flow control, which is its base class

    // Empty once the protocol was told that the connection is lost.
    object loop;
    object protocol;
    object socket;
    object fileno; // its method
    object server; // or of no server

    object drained; // the future of a sendfile() that waits until nothing is left in the buffer
    write_buffer waiting;
    flow_control flow;
    PyObject* dictionary;
    PyObject* weak_references;
    int fd;
    int lost;      // 0: no; then it is, and the writes that came since are counted
    bool closing;  // nothing more is read
    bool paused;   // by pause_reading()
    bool eof;      // write_eof() was called
    bool buffered; // the protocol is a BufferedProtocol
    bool much;     // what was read last was too much for a small buffer
    bool writing;  // it has a writer of the loop's
    bool unsent;   // what waits is to be sent when the callback that writes it has returned

    /// Makes a connection of a socket: what the constructor does.
    ///
    /// @param waiter a future that is completed once it is made, or None.
    /// @param server_or_none the `asyncio.Server` that has accepted it, or None.
    bool connect(PyObject* socket, PyObject* protocol, PyObject* waiter, PyObject* server_or_none);

    bool set_protocol(PyObject* given);

    bool start_reading();
    bool pause_reading();
    bool resume_reading();
    bool is_reading() const noexcept { return !closing && !paused; }
    bool read_ready();

    /// What one callback of the loop writes goes out in one call of the kernel's, when it has
    /// returned: a header and what follows it. Whatever could tell, that is every other method,
    /// sends it first. Outside of callbacks it goes out at once, and so does what is more than
    /// the protocol may write without being paused.
    bool write(PyObject* data);
    bool write_lines(PyObject* lines);
    bool send_unsent();
    bool write_ready();
    bool write_eof();
    bool set_limits(PyObject* high, PyObject* low);

    bool close();
    bool force_close(PyObject* exception);
    bool lose(PyObject* exception);

    /// What the finalizer does with a socket that nobody has closed.
    void abandon();

    PyObject* make_empty_waiter();

private:
    parties concerned();
    PyObject* self() noexcept { return reinterpret_cast<PyObject*>(this); }

    bool read_data();
    bool read_into_buffer();
    bool read_encrypted(struct tls_protocol& tls);
    bool read_failed(int number);
    bool read_end();

    bool may_write(const char* after_eof, const char* in_sendfile) const;
    bool refuse_when_lost();
    bool write_pieces(std::span<const struct piece> pieces);
    bool keep_unsent(std::span<const struct piece> pieces);
    bool send_if_much();
    ssize_t send_waiting();
    bool start_writing();
    bool keep(std::span<const struct piece> pieces, std::size_t sent);

    bool fail(const char* message);
    template <name_text Method, class... Arguments> bool call_soon(Arguments*... arguments);
    template <name_text Method> bool watch(const object& callback);
    template <name_text Method> bool unwatch();
    bool stop_writing();
    bool settle_drained(const char* method, PyObject* value);
    bool tell(const char* what);
    object detach();
    int descriptor();
};

inline stream& stream_of(PyObject* self) noexcept { return *reinterpret_cast<stream*>(self); }

/// False with an exception set on failure.
bool add_stream_type(PyObject* module, PyTypeObject* loop_type);

/// Finds what of asyncio it uses; as above.
bool prepare_streams();

} // namespace gawait::python
