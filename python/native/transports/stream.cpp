#include "transports/stream.hpp"

#include "loop/loop.hpp"
#include "transports/addresses.hpp"
#include "transports/attribute.hpp"
#include "transports/system_calls.hpp"
#include "transports/tls.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <vector>

namespace gawait::python {

/// Of what is written, a part in one place.
struct piece {
    PyObject* data;
    std::span<const char> content;
};

namespace {

constexpr int send_flags = MSG_DONTWAIT | MSG_NOSIGNAL;

/// What most messages fit in. They are received here, where the memory is warm, and become bytes of
/// their size.
std::array<char, std::size_t{64} * 1024> small_buffer; // guarded by the GIL

/// What is received at once of larger ones. More than this malloc() would have mmap() give.
constexpr Py_ssize_t large_size = Py_ssize_t{120} * 1024;

/// What is received for TLS, at most as much as asyncio takes at once.
std::array<char, std::size_t{256} * 1024> encrypted; // guarded by the GIL

/// As asyncio.constants has it.
constexpr int lost_writes_before_warning = 5;

/// What the kernel takes at once.
constexpr std::size_t most_pieces = 1024;

// Made once.
PyObject* buffered_protocol;
PyObject* logger;
PyObject* set_result_unless_cancelled;
PyObject* transport_socket;
PyObject* minus_one;

/// Since Python 3.13 a server knows its transports; before that it counted them.
template <name_text Method>
object tell_server(const object& server, [[maybe_unused]] PyObject* transport) {
#if PY_VERSION_HEX >= 0x030D0000
    return call_method<Method>(server.get(), transport);
#else
    return call_method<Method>(server.get());
#endif
}

/// Has the kernel take what it can of some pieces. Returns how much that was, or -1.
ssize_t send_pieces(int fd, std::span<iovec> pieces) noexcept {
    if (pieces.size() == 1) // which costs the kernel less
        return send(fd, pieces[0].iov_base, pieces[0].iov_len, send_flags);
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    return sendmsg(fd, &message, send_flags);
}

/// What the kernel says that one end of a connection is called, or None where it does not.
template <name_text Method, class Function>
object address_of(const object& socket, int fd, Function function) {
    address found{};
    socklen_t size = sizeof(found);
    if (function(fd, &found.any, &size) < 0)
        return object::retain(Py_None);
    object name = to_python(found, size);
    if (name.get() == Py_None) // of a family that the module socket may know
        name = call_method<Method>(socket.get());
    return name;
}

bool add_addresses(PyObject* extra, const object& socket, int fd) {
    const auto shown = object::adopt(PyObject_CallOneArg(transport_socket, socket.get()));
    if (!shown || PyDict_SetItem(extra, name<"socket">(), shown.get()) < 0)
        return false;
    const object own = address_of<"getsockname">(socket, fd, ::getsockname);
    if (!own || PyDict_SetItem(extra, name<"sockname">(), own.get()) < 0)
        return false;
    const int is_given = PyDict_Contains(extra, name<"peername">());
    if (is_given != 0)
        return is_given > 0;
    const object peer = address_of<"getpeername">(socket, fd, ::getpeername);
    return peer && PyDict_SetItem(extra, name<"peername">(), peer.get()) == 0;
}

} // namespace

// The connection -----------------------------------------------------------------

parties stream::concerned() { return {loop, object::retain(self()), protocol}; }

/// Asked each time: somebody may have closed the socket, and another file have its number.
///
/// @return what the kernel calls a bad descriptor if it is closed.
int stream::descriptor() {
    const auto number = object::adopt(PyObject_CallNoArgs(fileno.get()));
    const long value = number ? PyLong_AsLong(number.get()) : -1;
    if (value < 0) [[unlikely]]
        PyErr_Clear();
    return static_cast<int>(value);
}

template <name_text Method, class... Arguments> bool stream::call_soon(Arguments*... arguments) {
    const object callback = attribute<Method>(self());
    return callback && call_method<"call_soon">(loop.get(), callback.get(), arguments...);
}

/// Has the loop call back when the descriptor is ready.
template <name_text Method> bool stream::watch(const object& callback) {
    const auto number = object::adopt(PyLong_FromLong(fd));
    return number && call_method<Method>(loop.get(), number.get(), callback.get());
}

template <name_text Method> bool stream::unwatch() {
    const auto number = object::adopt(PyLong_FromLong(fd));
    return number && call_method<Method>(loop.get(), number.get());
}

bool stream::tell(const char* what) {
    return !loop_of(loop.get()).debug ||
           object::adopt(PyObject_CallMethod(logger, "debug", "sO", what, self()));
}

bool stream::connect(PyObject* sock, PyObject* to, PyObject* waiter, PyObject* server_or_none) {
    fileno = attribute<"fileno">(sock);
    if (!fileno)
        return false;
    socket = object::retain(sock);
    fd = descriptor();
    if (!add_addresses(extra, socket, fd) || !set_protocol(to))
        return false;
    if (server_or_none != Py_None) {
        server = object::retain(server_or_none);
        if (!tell_server<"_attach">(server, self()))
            return false;
    }
    const auto transports = attribute<"_transports">(loop.get());
    const auto number = object::adopt(PyLong_FromLong(fd));
    if (!transports || !number || PyObject_SetItem(transports.get(), number.get(), self()) < 0)
        return false;
    // Of TCP; others refuse it.
    const int on = 1;
    std::ignore = setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    lost = 0;
    closing = false;
    const auto made = attribute<"connection_made">(protocol.get());
    return made && call_method<"call_soon">(loop.get(), made.get(), self()) &&
           call_soon<"_start_reading">() &&
           (waiter == Py_None ||
            call_method<"call_soon">(loop.get(), set_result_unless_cancelled, waiter, Py_None));
}

bool stream::set_protocol(PyObject* given) {
    const int is_buffered = PyObject_IsInstance(given, buffered_protocol);
    if (is_buffered < 0)
        return false;
    buffered = is_buffered;
    protocol = object::retain(given);
    return true;
}

bool stream::fail(const char* message) {
    if (is_interrupt(PyErr_Occurred())) // no transport may keep it
        return false;
    if (!loop) { // lost in a run of the loop within the callback that has failed
        PyErr_WriteUnraisable(self());
        return true;
    }
    const object exception = take_exception();
    if (!PyErr_GivenExceptionMatches(exception.get(), PyExc_OSError)) {
        if (!report(concerned(), message, exception.get()))
            return false;
    } else if (loop_of(loop.get()).debug) {
        const auto log = attribute<"debug">(logger);
        const auto values = object::adopt(Py_BuildValue("sOs", "%r: %s", self(), message));
        const auto names = object::adopt(Py_BuildValue("{sO}", "exc_info", exception.get()));
        if (!log || !values || !names ||
            !object::adopt(PyObject_Call(log.get(), values.get(), names.get())))
            return false;
    }
    return force_close(exception.get());
}

bool stream::close() {
    if (!send_unsent())
        return false;
    if (closing)
        return true;
    closing = true;
    if (!unwatch<"_remove_reader">())
        return false;
    if (!waiting.empty())
        return true;
    ++lost;
    return stop_writing() && call_soon<"_call_connection_lost">(Py_None);
}

bool stream::force_close(PyObject* exception) {
    if (!send_unsent())
        return false;
    if (lost > 0)
        return true;
    if (!waiting.empty()) {
        waiting.clear();
        if (!stop_writing())
            return false;
    }
    if (!closing) {
        closing = true;
        if (!unwatch<"_remove_reader">())
            return false;
    }
    ++lost;
    return call_soon<"_call_connection_lost">(exception);
}

/// All of it happens, whatever fails of it: what fails first is raised.
bool stream::lose(PyObject* exception) {
    if (!socket)
        return true;
    object failure;
    const auto attempt = [&](const object& result) {
        if (result)
            return;
        object raised = take_exception();
        if (!failure)
            failure = std::move(raised);
    };
    const object told = protocol;
    attempt(call_method<"connection_lost">(told.get(), exception));
    attempt(call_method<"close">(socket.get()));
    socket = fileno = protocol = loop = object();
    if (server)
        attempt(detach());
    if (drained) {
        const auto closed = object::adopt(
            PyObject_CallFunction(PyExc_ConnectionError, "s", "Connection is closed by peer"));
        const bool settled = closed && settle_drained("set_exception", closed.get());
        attempt(settled ? closed : object());
    }
    if (failure)
        raise(std::move(failure));
    return !PyErr_Occurred();
}

object stream::detach() {
    const object served = std::move(server);
    return tell_server<"_detach">(served, self());
}

void stream::abandon() {
    if (!socket)
        return;
    if (PyErr_ResourceWarning(self(), 1, "unclosed transport %R", self()) < 0)
        PyErr_WriteUnraisable(self());
    if (!call_method<"close">(socket.get()))
        PyErr_WriteUnraisable(self());
    if (server && !detach())
        PyErr_WriteUnraisable(self());
}

// Reading ------------------------------------------------------------------------

bool stream::start_reading() {
    if (!is_reading())
        return true;
    const auto callback = attribute<"_read_ready">(self());
    return callback && watch<"_add_reader">(callback);
}

bool stream::pause_reading() {
    if (!is_reading())
        return true;
    paused = true;
    return unwatch<"_remove_reader">() && tell("%r pauses reading");
}

bool stream::resume_reading() {
    if (closing || !paused)
        return true;
    paused = false;
    return start_reading() && tell("%r resumes reading");
}

bool stream::read_ready() {
    if (lost > 0)
        return true;
    if (!buffered)
        return read_data();
    tls_protocol* const tls = original_tls_of(protocol.get());
    return tls ? read_encrypted(*tls) : read_into_buffer();
}

bool stream::read_failed(int number) {
    if (would_block(number))
        return true;
    raise_os_error(number);
    return fail("Fatal read error on socket transport");
}

bool stream::read_data() {
    object data;
    ssize_t count = 0;
    if (!much) {
        count = recv(descriptor(), small_buffer.data(), small_buffer.size(), MSG_DONTWAIT);
        if (count > 0)
            data = object::adopt(PyBytes_FromStringAndSize(small_buffer.data(), count));
    } else {
        PyObject* bytes = PyBytes_FromStringAndSize(nullptr, large_size);
        if (bytes)
            count = recv(descriptor(), PyBytes_AS_STRING(bytes), large_size, MSG_DONTWAIT);
        if (bytes && count > 0)
            _PyBytes_Resize(&bytes, count); // null on failure
        data = object::adopt(bytes);
    }
    if (count < 0)
        return read_failed(errno);
    if (count == 0 && !PyErr_Occurred())
        return read_end();
    much = static_cast<std::size_t>(count) > small_buffer.size() / 4;
    if (!data)
        return fail("Fatal read error on socket transport");
    const object to = protocol;
    return call_method<"data_received">(to.get(), data.get()) ||
           fail("Fatal error: protocol.data_received() call failed.");
}

bool stream::read_into_buffer() {
    constexpr const char* no_buffer = "Fatal error: protocol.get_buffer() call failed.";
    const object to = protocol;
    const object into = call_method<"get_buffer">(to.get(), minus_one);
    const Py_ssize_t length = into ? PyObject_Size(into.get()) : -1;
    if (length < 0)
        return fail(no_buffer);
    if (length == 0) {
        PyErr_SetString(PyExc_RuntimeError, "get_buffer() returned an empty buffer");
        return fail(no_buffer);
    }
    ssize_t count = 0;
    int number = 0;
    {
        memory room;
        if (!room.get(into.get(), PyBUF_WRITABLE)) {
            PyErr_Format(PyExc_TypeError,
                         "get_buffer() must return a read-write bytes-like object, not %.200s",
                         Py_TYPE(into.get())->tp_name);
            return fail("Fatal read error on socket transport");
        }
        count = recv(descriptor(), room.data(), room.size(), MSG_DONTWAIT);
        number = errno;
    }
    if (count < 0)
        return read_failed(number);
    if (count == 0)
        return read_end();
    const auto filled = object::adopt(PyLong_FromSsize_t(count));
    return (filled && call_method<"buffer_updated">(to.get(), filled.get())) ||
           fail("Fatal error: protocol.buffer_updated() call failed.");
}

/// What `read_into_buffer()` would do, without a buffer of the protocol's.
bool stream::read_encrypted(tls_protocol& tls) {
    const object to = protocol;
    const ssize_t count = recv(descriptor(), encrypted.data(), encrypted.size(), MSG_DONTWAIT);
    if (count < 0)
        return read_failed(errno);
    if (count == 0)
        return read_end();
    return tls.received(std::span(encrypted).first(static_cast<std::size_t>(count))) ||
           fail("Fatal error: protocol.buffer_updated() call failed.");
}

bool stream::read_end() {
    if (!tell("%r received EOF"))
        return false;
    const object to = protocol;
    const object answer = call_method<"eof_received">(to.get());
    const int keep_open = answer ? PyObject_IsTrue(answer.get()) : -1;
    if (keep_open < 0)
        return fail("Fatal error: protocol.eof_received() call failed.");
    if (!keep_open)
        return close();
    // It may write yet; there is no more to be read.
    return !loop || unwatch<"_remove_reader">();
}

// Writing ------------------------------------------------------------------------

bool stream::may_write(const char* after_eof, const char* in_sendfile) const {
    if (!eof && !drained) [[likely]]
        return true;
    PyErr_SetString(PyExc_RuntimeError, eof ? after_eof : in_sendfile);
    return false;
}

/// Counts a write to a connection that is lost.
bool stream::refuse_when_lost() {
    if (lost >= lost_writes_before_warning &&
        !object::adopt(
            PyObject_CallMethod(logger, "warning", "s", "socket.send() raised exception.")))
        return false;
    ++lost;
    return true;
}

/// Keeps what is written, to be sent when the callback has returned.
///
/// @return false, also with an exception set, if that may not be.
bool stream::keep_unsent(std::span<const piece> pieces) {
    // With a writer it waits behind the rest; or is written by who is told that there is none.
    if (!unsent && (writing || !waiting.empty()))
        return false;
    const auto stays = [](const piece& each) { return PyBytes_CheckExact(each.data) != 0; };
    if (!std::ranges::all_of(pieces, stays))
        return false;
    unsent = unsent || loop_of(loop.get()).at_callback_end(self(), [](PyObject* of) noexcept {
        return stream_of(of).send_unsent();
    });
    if (!unsent)
        return false;
    return std::ranges::all_of(
        pieces, [&](const piece& each) { return waiting.add(each.data, each.content, 0); });
}

/// Has the kernel take what it can of what waits. Returns how much that was, or -1.
ssize_t stream::send_waiting() {
    std::array<iovec, most_pieces> room;
    return send_pieces(descriptor(), waiting.gather(room));
}

/// What is more than the protocol may write without being paused does not wait.
bool stream::send_if_much() {
    return waiting.size() <= static_cast<std::size_t>(flow.high()) || send_unsent();
}

bool stream::send_unsent() {
    if (!std::exchange(unsent, false) || waiting.empty() || lost > 0)
        return true;
    const ssize_t sent = send_waiting();
    if (sent < 0 && !would_block(errno)) {
        waiting.clear();
        raise_os_error(errno);
        return fail("Fatal write error on socket transport");
    }
    if (sent > 0)
        waiting.remove(static_cast<std::size_t>(sent));
    return waiting.empty() || (start_writing() && flow.pause_above(waiting.size(), concerned()));
}

bool stream::start_writing() {
    const auto callback = attribute<"_write_ready">(self());
    writing = callback && watch<"_add_writer">(callback);
    return writing;
}

/// Keeps what is behind what was sent, until the socket takes it.
bool stream::keep(std::span<const piece> pieces, std::size_t sent) {
    const bool begins = waiting.empty();
    for (const piece& each : pieces) {
        if (sent < each.content.size() && !waiting.add(each.data, each.content, sent))
            return false;
        sent -= std::min(sent, each.content.size());
    }
    if (waiting.empty())
        return true;
    if (begins && !start_writing())
        return false;
    return flow.pause_above(waiting.size(), concerned());
}

bool stream::write(PyObject* data) {
    const bool is_bytes = PyBytes_Check(data);
    if (!is_bytes && !PyByteArray_Check(data) && !PyMemoryView_Check(data)) {
#if PY_VERSION_HEX >= 0x030E0000
        constexpr const char* message = "data argument must be a bytes, bytearray, or memoryview "
                                        "object, not '%.200s'";
#else
        constexpr const char* message = "data argument must be a bytes-like object, not '%.200s'";
#endif
        PyErr_Format(PyExc_TypeError, message, Py_TYPE(data)->tp_name);
        return false;
    }
    if (!may_write("Cannot call write() after write_eof()",
                   "unable to write; sendfile is in progress"))
        return false;
    if (const int truth = PyObject_IsTrue(data); truth <= 0)
        return truth == 0;
    if (lost > 0)
        return refuse_when_lost();
    memory bytes;
    if (!bytes.get(data, PyBUF_SIMPLE))
        return fail("Fatal write error on socket transport");
    const piece whole{data, {bytes.data(), bytes.size()}};
    return write_pieces({&whole, 1});
}

bool stream::write_lines(PyObject* lines) {
    if (!may_write("Cannot call writelines() after write_eof()",
                   "unable to writelines; sendfile is in progress"))
        return false;
    if (const int truth = PyObject_IsTrue(lines); truth <= 0)
        return truth == 0;
    if (lost > 0)
        return refuse_when_lost();
    // What comes of an iterator is not changed meanwhile.
    const auto all = object::adopt(PySequence_Tuple(lines));
    if (!all)
        return false;
    const auto count = static_cast<std::size_t>(PyTuple_GET_SIZE(all.get()));
    std::vector<memory> memories(count);
    std::vector<piece> pieces;
    pieces.reserve(count);
    for (std::size_t index = 0; index < count; ++index) {
        PyObject* const each = PyTuple_GET_ITEM(all.get(), static_cast<Py_ssize_t>(index));
        memory& bytes = memories[index];
        if (!bytes.get(each, PyBUF_SIMPLE))
            return false;
        if (bytes.size() > 0)
            pieces.push_back({each, {bytes.data(), bytes.size()}});
    }
    return write_pieces(pieces);
}

bool stream::write_pieces(std::span<const piece> pieces) {
    if (keep_unsent(pieces))
        return send_if_much();
    if (PyErr_Occurred() || !send_unsent())
        return false;
    if (lost > 0)
        return refuse_when_lost();
    ssize_t sent = 0;
    if (waiting.empty() && !pieces.empty()) {
        std::array<iovec, most_pieces> room;
        const std::size_t count = std::min(pieces.size(), room.size());
        for (std::size_t index = 0; index < count; ++index) {
            const std::span<const char> content = pieces[index].content;
            room[index] = {const_cast<char*>(content.data()), content.size()};
        }
        sent = send_pieces(descriptor(), std::span(room).first(count));
        if (sent < 0 && !would_block(errno)) {
            raise_os_error(errno);
            return fail("Fatal write error on socket transport");
        }
    }
    return keep(pieces, sent < 0 ? 0 : static_cast<std::size_t>(sent));
}

bool stream::write_ready() {
    if (lost > 0 || waiting.empty())
        return true;
    const ssize_t sent = send_waiting();
    if (sent < 0) {
        if (would_block(errno))
            return true;
        raise_os_error(errno);
        const object exception = take_exception();
        raise(exception);
        return fail("Fatal write error on socket transport") &&
               settle_drained("set_exception", exception.get());
    }
    waiting.remove(static_cast<std::size_t>(sent));
    if (!flow.resume_below(waiting.size(), concerned())) // which may write, or close
        return false;
    if (!waiting.empty() || lost > 0)
        return true;
    if (!stop_writing() || !settle_drained("set_result", Py_None))
        return false;
    if (closing) {
        ++lost;
        return lose(Py_None);
    }
    return !eof || object::adopt(PyObject_CallMethod(socket.get(), "shutdown", "i", SHUT_WR));
}

bool stream::stop_writing() {
    writing = false;
    return unwatch<"_remove_writer">();
}

bool stream::write_eof() {
    if (!send_unsent())
        return false;
    if (closing || eof)
        return true;
    eof = true;
    return !waiting.empty() ||
           object::adopt(PyObject_CallMethod(socket.get(), "shutdown", "i", SHUT_WR));
}

bool stream::set_limits(PyObject* high, PyObject* low) {
    return send_unsent() && flow.set_limits(high, low) &&
           flow.pause_above(waiting.size(), concerned());
}

bool stream::settle_drained(const char* method, PyObject* value) {
    if (!drained)
        return true;
    // Who waits for it may have been cancelled.
    const object future = drained;
    const auto done = call_method<"done">(future.get());
    return done && (done.get() == Py_True ||
                    object::adopt(PyObject_CallMethod(future.get(), method, "O", value)));
}

PyObject* stream::make_empty_waiter() {
    if (!send_unsent())
        return nullptr;
    if (drained || !loop) {
        PyErr_SetString(PyExc_RuntimeError,
                        drained ? "Empty waiter is already set" : "Transport is closed");
        return nullptr;
    }
    drained = call_method<"create_future">(loop.get());
    if (!drained || (waiting.empty() && !settle_drained("set_result", Py_None)))
        return nullptr;
    return Py_NewRef(drained.get());
}

bool prepare_streams() {
    buffered_protocol = import_attribute("asyncio", "BufferedProtocol");
    logger = import_attribute("asyncio.log", "logger");
    set_result_unless_cancelled =
        import_attribute("asyncio.futures", "_set_result_unless_cancelled");
    transport_socket = import_attribute("asyncio.trsock", "TransportSocket");
    minus_one = PyLong_FromLong(-1);
    return buffered_protocol && logger && set_result_unless_cancelled && transport_socket &&
           minus_one;
}

} // namespace gawait::python
