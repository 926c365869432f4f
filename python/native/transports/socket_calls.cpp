#include "transports/socket_calls.hpp"

#include "loop/loop.hpp"
#include "loop/tasks.hpp"
#include "transports/attribute.hpp"
#include "transports/overriding.hpp"
#include "transports/system_calls.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <array>
#include <memory>

namespace gawait::python {
namespace {

struct call_state;

enum class attempt { succeeded, would_block, failed };

/// A method of the loop's, and the socket's that does the same at once.
struct socket_method {
    const char* name;
    PyObject* (*of_socket)() noexcept; // the name of the socket's
    Py_ssize_t count;                  // of usual arguments, the socket among them
    bool writes;
    // Whether the second argument is as usual; null: whatever it is.
    bool (*accepts)(PyObject* socket, PyObject* second) noexcept;
    attempt (*try_now)(call_state&) noexcept; // leaves a result, or an exception set
    PyObject* original = nullptr;             // the socket's, where no class overrides it
};

enum class stage : unsigned char { created, waiting, ended };

/// One call of a method.
struct call_state {
    const socket_method& method;
    object loop;
    object socket;
    std::array<object, 2> arguments; // behind the socket
    object future;                   // by which a task waits
    object result, exception;        // how a call that waited has ended
    memory unsent;
    std::size_t sent = 0;
    int watched = -1; // the descriptor
    stage now = stage::created;
    object created_at; // of debug mode: the stack
};

/// The coroutine that a method returns.
struct socket_call {
    PyObject_HEAD call_state state;
};

// Made once.
PyTypeObject* call_type;
PyTypeObject* socket_type;

call_state& state_of(PyObject* call) noexcept {
    return reinterpret_cast<socket_call*>(call)->state;
}

// Trying ---------------------------------------------------------------------------

attempt failed_with(int number) noexcept {
    if (would_block(number))
        return attempt::would_block;
    raise_os_error(number);
    return attempt::failed;
}

attempt receive(call_state& state) noexcept {
    int failure = 0;
    state.result = read_bytes(
        PyLong_AsSsize_t(state.arguments[0].get()), failure, [&](char* into, std::size_t size) {
            return recv(descriptor_of(state.socket.get()), into, size, MSG_DONTWAIT);
        });
    if (failure)
        return failed_with(failure);
    return state.result ? attempt::succeeded : attempt::failed;
}

/// Calls the socket's method, which knows about addresses.
attempt call_socket(call_state& state) noexcept {
    std::array<PyObject*, 3> all{state.socket.get()};
    std::size_t count = 1;
    for (const object& each : state.arguments)
        if (each)
            all[count++] = each.get();
    state.result = object::adopt(unless_exiting([&] {
        return PyObject_VectorcallMethod(state.method.of_socket(), all.data(), count, nullptr);
    }));
    if (state.result)
        return attempt::succeeded;
    if (!PyErr_ExceptionMatches(PyExc_BlockingIOError) &&
        !PyErr_ExceptionMatches(PyExc_InterruptedError))
        return attempt::failed;
    PyErr_Clear();
    return attempt::would_block;
}

/// `call_socket()` to receive, which mostly would block: its exception costs more than to ask
/// first.
attempt call_socket_if_readable(call_state& state) noexcept {
    char byte = 0;
    if (recv(descriptor_of(state.socket.get()), &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT) < 0)
        return failed_with(errno); // which is told once
    return call_socket(state);
}

attempt receive_into(call_state& state) noexcept {
    memory into;
    if (!into.get(state.arguments[0].get(), PyBUF_WRITABLE)) {
        PyErr_Clear();
        return call_socket(state); // which says what is wrong
    }
    const ssize_t size =
        recv(descriptor_of(state.socket.get()), into.data(), into.size(), MSG_DONTWAIT);
    if (size < 0)
        return failed_with(errno);
    state.result = object::adopt(PyLong_FromSsize_t(size));
    return state.result ? attempt::succeeded : attempt::failed;
}

attempt send_rest(call_state& state) noexcept {
    if (!state.unsent && !state.unsent.get(state.arguments[0].get(), PyBUF_SIMPLE))
        return attempt::failed;
    const ssize_t size = send(descriptor_of(state.socket.get()), state.unsent.data() + state.sent,
                              state.unsent.size() - state.sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size < 0)
        return failed_with(errno);
    state.sent += static_cast<std::size_t>(size);
    if (state.sent < state.unsent.size())
        return attempt::would_block;
    state.result = object::retain(Py_None);
    return attempt::succeeded;
}

attempt accept_connection(call_state& state) noexcept {
    const attempt outcome = call_socket(state);
    if (outcome != attempt::succeeded)
        return outcome;
    PyObject* const connection = PyTuple_GetItem(state.result.get(), 0);
    return connection && call_method<"setblocking">(connection, Py_False) ? attempt::succeeded
                                                                          : attempt::failed;
}

/// Begins to connect, and later says how that has ended.
attempt connect_socket(call_state& state) noexcept {
    if (state.now == stage::created)
        return call_socket(state);
    int number = 0;
    socklen_t size = sizeof(number);
    if (getsockopt(descriptor_of(state.socket.get()), SOL_SOCKET, SO_ERROR, &number, &size) < 0)
        return failed_with(errno);
    if (number == 0) {
        state.result = object::retain(Py_None);
        return attempt::succeeded;
    }
    const auto values = object::adopt(Py_BuildValue(
        "iN", number, PyUnicode_FromFormat("Connect call failed %S", state.arguments[0].get())));
    if (values)
        PyErr_SetObject(PyExc_OSError, values.get());
    return attempt::failed;
}

// Waiting --------------------------------------------------------------------------

/// False with an exception set if a transport has the descriptor.
bool check_no_transport(PyObject* loop, int fd) noexcept {
    const object transports = attribute<"_transports">(loop);
    const auto number = object::adopt(transports ? PyLong_FromLong(fd) : nullptr);
    const int found = number ? PySequence_Contains(transports.get(), number.get()) : -1;
    return found == 0 || (found > 0 && call_method<"_ensure_fd_no_transport">(loop, number.get()));
}

/// Its watch, if there is none for somebody else by now.
bool is_watched_for(PyObject* self) noexcept {
    const call_state& state = state_of(self);
    const watch* const found =
        loop_of(state.loop.get()).watch_of(state.watched, state.method.writes);
    return found && found->callback.get() == self;
}

void on_ready(PyObject* self) noexcept {
    call_state& state = state_of(self);
    loop_object& loop = loop_of(state.loop.get());
    // It may have been cancelled, of which its task learns in the next round.
    if (call_method<"done">(state.future.get()).get() != Py_False)
        return;
    const attempt outcome = state.method.try_now(state);
    if (outcome == attempt::would_block)
        return;
    if (outcome == attempt::failed) {
        state.result = {};
        object raised = take_exception();
        if (loop.ends_by(raised))
            return;
        state.exception = std::move(raised);
    }
    state.unsent.release();
    if (!call_method<"set_result">(state.future.get(), Py_None))
        PyErr_WriteUnraisable(self);
    // Behind the task, which often waits for the same again.
    if (is_watched_for(self))
        loop.leave_idle(state.watched, state.method.writes);
}

/// Returns the future for a task to wait for, or null with an exception set.
PyObject* wait(PyObject* self) noexcept {
    call_state& state = state_of(self);
    loop_object& loop = loop_of(state.loop.get());
    state.watched = descriptor_of(state.socket.get());
    const watch* const idle =
        loop.core ? loop.watch_of(state.watched, state.method.writes) : nullptr;
    const bool ours = idle && !idle->callback && idle->watching();
    if (!check_open(loop) || (!ours && !check_no_transport(state.loop.get(), state.watched)))
        return nullptr;
    state.future = object::adopt(create_future(state.loop.get(), nullptr));
    if (!state.future ||
        PyObject_SetAttr(state.future.get(), name<"_asyncio_future_blocking">(), Py_True) < 0 ||
        !loop.put_watch(state.watched, state.method.writes, object::retain(self), on_ready,
                        nullptr))
        return nullptr;
    state.now = stage::waiting;
    return Py_NewRef(state.future.get());
}

void end(PyObject* self) noexcept {
    call_state& state = state_of(self);
    if (std::exchange(state.now, stage::ended) == stage::waiting && is_watched_for(self))
        loop_of(state.loop.get()).remove_watch(state.watched, state.method.writes);
    state.unsent.release();
}

// The coroutine --------------------------------------------------------------------

PySendResult send_value(PyObject* self, PyObject*, PyObject** result) noexcept {
    call_state& state = state_of(self);
    *result = nullptr;
    if (state.now == stage::ended) {
        PyErr_SetString(PyExc_RuntimeError, "cannot reuse already awaited coroutine");
        return PYGEN_ERROR;
    }
    if (state.now == stage::created) {
        if (state.method.try_now(state) == attempt::would_block) {
            *result = wait(self);
            if (*result)
                return PYGEN_NEXT;
        }
    } else if (state.exception) {
        raise(std::move(state.exception));
    } else if (!state.result) {
        PyErr_SetString(PyExc_RuntimeError, "await wasn't used with future");
    }
    end(self);
    if (PyErr_Occurred())
        return PYGEN_ERROR;
    *result = state.result.release();
    return PYGEN_RETURN;
}

PyObject* send_method(PyObject* self, PyObject* value) {
    PyObject* result = nullptr;
    if (send_value(self, value, &result) != PYGEN_RETURN)
        return result;
    // Made here, for a tuple would be its arguments.
    const auto returned = object::adopt(result);
    const auto stop = object::adopt(PyObject_CallOneArg(PyExc_StopIteration, returned.get()));
    if (stop)
        PyErr_SetObject(PyExc_StopIteration, stop.get());
    return nullptr;
}

PyObject* next(PyObject* self) { return send_method(self, Py_None); }

PyObject* throw_method(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
    PyObject* const type = count > 0 ? arguments[0] : Py_None;
    end(self);
    if (PyExceptionInstance_Check(type))
        raise(object::retain(type));
    else if (PyExceptionClass_Check(type))
        PyErr_SetObject(type, count > 1 ? arguments[1] : nullptr);
    else
        PyErr_SetString(PyExc_TypeError, "throw() takes an exception");
    return nullptr;
}

PyObject* close_method(PyObject* self, PyObject*) {
    end(self);
    Py_RETURN_NONE;
}

PyObject* get_name(PyObject* self, void*) {
    return PyUnicode_FromString(state_of(self).method.name);
}
PyObject* get_qualified_name(PyObject* self, void*) {
    const call_state& state = state_of(self);
    return PyUnicode_FromFormat("%s.%s", Py_TYPE(state.loop.get())->tp_name, state.method.name);
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    const call_state& state = state_of(self);
    Py_VISIT(Py_TYPE(self));
    for (const object* each :
         {&state.loop, &state.socket, &state.arguments.front(), &state.arguments.back(),
          &state.future, &state.result, &state.exception, &state.created_at})
        Py_VISIT(each->get());
    return 0;
}

int clear(PyObject* self) {
    call_state& state = state_of(self);
    end(self);
    // Not the loop, which breaks its cycles itself.
    for (object* each : {&state.socket, &state.arguments.front(), &state.arguments.back(),
                         &state.future, &state.result, &state.exception})
        *each = {};
    return 0;
}

void finalize(PyObject* self) {
    if (state_of(self).now != stage::created)
        return;
    state_of(self).now = stage::ended;
    const object raised = PyErr_Occurred() ? take_exception() : object();
    const call_state& state = state_of(self);
    const auto who = object::adopt(get_qualified_name(self, nullptr));
    const auto where =
        object::adopt(state.created_at ? PyObject_CallMethod(state.loop.get(), "_told_origin", "O",
                                                             state.created_at.get())
                                       : PyUnicode_FromString(""));
    if (!who || !where ||
        PyErr_WarnFormat(PyExc_RuntimeWarning, 1, "coroutine '%U' was never awaited%U", who.get(),
                         where.get()) < 0)
        PyErr_WriteUnraisable(self);
    if (raised)
        raise(raised);
}

void deallocate(PyObject* self) {
    if (PyObject_CallFinalizerFromDealloc(self) < 0)
        return;
    PyObject_GC_UnTrack(self);
    std::destroy_at(&state_of(self));
    PyTypeObject* const type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

PyMethodDef call_methods[] = {
    {"send", send_method, METH_O, nullptr},
    {"throw", method(throw_method), METH_FASTCALL, nullptr},
    {"close", close_method, METH_NOARGS, nullptr},
    {},
};

PyGetSetDef call_attributes[] = {
    {"__name__", get_name, nullptr, nullptr, nullptr},
    {"__qualname__", get_qualified_name, nullptr, nullptr, nullptr},
    {},
};

PyType_Slot slots[] = {
    {Py_tp_dealloc, slot(deallocate)},
    {Py_tp_finalize, slot(finalize)},
    {Py_tp_traverse, slot(traverse)},
    {Py_tp_clear, slot(clear)},
    {Py_am_await, slot(Py_NewRef)},
    {Py_am_send, slot(send_value)},
    {Py_tp_iter, slot(Py_NewRef)},
    {Py_tp_iternext, slot(next)},
    {Py_tp_methods, call_methods},
    {Py_tp_getset, call_attributes},
    {},
};

PyType_Spec specification = {
    .name = "gawait._native.SocketCall",
    .basicsize = sizeof(socket_call),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = slots,
};

// The methods ----------------------------------------------------------------------

bool accepts_size(PyObject* /*socket*/, PyObject* most) noexcept {
    const Py_ssize_t value = PyLong_CheckExact(most) ? PyLong_AsSsize_t(most) : 0;
    PyErr_Clear();
    return value > 0;
}

bool accepts_data(PyObject* /*socket*/, PyObject* data) noexcept {
    return PyObject_CheckBuffer(data);
}

bool accepts_memory(PyObject* /*socket*/, PyObject* given) noexcept {
    memory tried;
    const bool writable = tried.get(given, PyBUF_WRITABLE);
    PyErr_Clear();
    return writable && tried.size() > 0;
}

/// Whether an address needs nobody to look it up, and is told as it is if it can't be reached.
bool accepts_address(PyObject* socket, PyObject* address) noexcept {
    const object family = attribute<"family">(socket);
    const long number = family ? PyLong_AsLong(family.get()) : AF_INET;
    PyErr_Clear();
    if (number != AF_INET && number != AF_INET6)
        return true;
    if (!PyTuple_CheckExact(address) || PyTuple_GET_SIZE(address) != (number == AF_INET ? 2 : 4) ||
        !PyUnicode_CheckExact(PyTuple_GET_ITEM(address, 0)))
        return false;
    for (Py_ssize_t index = 1; index < PyTuple_GET_SIZE(address); ++index)
        if (!PyLong_CheckExact(PyTuple_GET_ITEM(address, index)))
            return false;
    const char* const host = PyUnicode_AsUTF8(PyTuple_GET_ITEM(address, 0));
    PyErr_Clear();
    in6_addr parsed;
    return host && inet_pton(static_cast<int>(number), host, &parsed) == 1;
}

socket_method accepting{"sock_accept", name<"accept">, 1, false, nullptr, accept_connection};
socket_method receiving{"sock_recv", name<"recv">, 2, false, accepts_size, receive};
socket_method receiving_into{"sock_recv_into", name<"recv_into">, 2, false,
                             accepts_memory,   receive_into};
socket_method receiving_from{"sock_recvfrom", name<"recvfrom">, 2,
                             false,           accepts_size,     call_socket_if_readable};
socket_method receiving_from_into{"sock_recvfrom_into", name<"recvfrom_into">,  2, false,
                                  accepts_memory,       call_socket_if_readable};
socket_method connecting{"sock_connect", name<"connect">, 2, true, accepts_address, connect_socket};
socket_method sending_all{"sock_sendall", name<"send">, 2, true, accepts_data, send_rest};
socket_method sending_to{"sock_sendto", name<"sendto">, 3, true, nullptr, call_socket};

/// Whether a socket is one of the standard library's that nobody has changed, a TLS socket, say.
bool is_plain(const socket_method& method, PyObject* socket) noexcept {
    if (!PyObject_TypeCheck(socket, socket_type))
        return false;
    auto* const type = reinterpret_cast<PyObject*>(Py_TYPE(socket));
    const auto found = object::adopt(PyObject_GetAttr(type, method.of_socket()));
    PyErr_Clear();
    return found.get() == method.original;
}

/// Whether a socket is set to block, which debug mode does not allow.
bool blocks(PyObject* socket) noexcept {
    const object timeout = call_method<"gettimeout">(socket);
    return !timeout || timeout.get() == Py_None || PyObject_IsTrue(timeout.get());
}

extern overriding of_loop;

template <socket_method& Method>
PyObject* make_call(PyObject* self, PyObject* const* arguments, Py_ssize_t count, PyObject* names) {
    // The standard library deals with what is not as usual, or says what is wrong.
    if (names || count != Method.count || !is_plain(Method, arguments[0]) ||
        (Method.accepts && !Method.accepts(arguments[0], arguments[1])) ||
        (loop_of(self).debug && blocks(arguments[0])))
        return of_loop.call_overridden(self, Method.name, arguments, count, names);
    std::array<object, 2> others;
    for (std::size_t index = 1; index < static_cast<std::size_t>(count); ++index)
        others[index - 1] = object::retain(arguments[index]);
    PyObject* const made = call_type->tp_alloc(call_type, 0);
    if (!made)
        return nullptr;
    std::construct_at(&state_of(made), Method, object::retain(self), object::retain(arguments[0]),
                      std::move(others));
    if (loop_of(self).debug) [[unlikely]]
        state_of(made).created_at =
            object::adopt(PyObject_CallMethod(self, "_extract_stack", nullptr));
    PyErr_Clear();
    return made;
}

constexpr int flags = METH_FASTCALL | METH_KEYWORDS;

// asyncio documents them.
PyMethodDef methods[] = {
    {"sock_accept", method(make_call<accepting>), flags, "sock_accept($self, sock)\n--\n\n"},
    {"sock_connect", method(make_call<connecting>), flags,
     "sock_connect($self, sock, address)\n--\n\n"},
    {"sock_recv", method(make_call<receiving>), flags, "sock_recv($self, sock, n)\n--\n\n"},
    {"sock_recv_into", method(make_call<receiving_into>), flags,
     "sock_recv_into($self, sock, buf)\n--\n\n"},
    {"sock_recvfrom", method(make_call<receiving_from>), flags,
     "sock_recvfrom($self, sock, bufsize)\n--\n\n"},
    {"sock_recvfrom_into", method(make_call<receiving_from_into>), flags,
     "sock_recvfrom_into($self, sock, buf, nbytes=0)\n--\n\n"},
    {"sock_sendall", method(make_call<sending_all>), flags,
     "sock_sendall($self, sock, data)\n--\n\n"},
    {"sock_sendto", method(make_call<sending_to>), flags,
     "sock_sendto($self, sock, data, address)\n--\n\n"},
    {},
};

overriding of_loop{methods};

} // namespace

bool add_socket_calls(PyObject* module, PyTypeObject* loop_type) noexcept {
    socket_type = import_type("_socket", "socket");
    const auto in_python = object::adopt(import_attribute("socket", "socket"));
    call_type = socket_type && in_python ? add_type(module, specification) : nullptr;
    if (!call_type)
        return false;
    for (socket_method* each : {&accepting, &connecting, &receiving, &receiving_into,
                                &receiving_from, &receiving_from_into, &sending_all, &sending_to}) {
        PyObject* const owner =
            each == &accepting ? in_python.get() : reinterpret_cast<PyObject*>(socket_type);
        each->original = PyObject_GetAttr(owner, each->of_socket());
        if (!each->original)
            return false;
    }
    return bool(object::adopt(of_loop.decorate(reinterpret_cast<PyObject*>(loop_type))));
}

} // namespace gawait::python
