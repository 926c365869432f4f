#include "loop/readers.hpp"

#include "acquired_context.hpp"
#include "gawait/error.hpp"
#include "loop/calls.hpp"
#include "loop/loop.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <limits>
#include <optional>

namespace gawait::python {
namespace {

/// What epoll says of a descriptor that the engine refused.
int errno_of_refused(int fd, const error& failure) noexcept {
    if (fcntl(fd, F_GETFD) < 0)
        return EBADF;
    if (failure.matches(G_IO_ERROR_PERMISSION_DENIED))
        return EPERM;
    return failure.matches(G_IO_ERROR_NO_SPACE) ? ENOSPC : ENOMEM;
}

/// The descriptor of an integer, or of what has a fileno(), as the selectors module reads it;
/// -1 with an exception set where there is none.
int descriptor_of(PyObject* given) noexcept {
    auto number = object::retain(given);
    if (!PyLong_Check(given)) {
        const auto fileno = object::adopt(PyObject_CallMethod(given, "fileno", nullptr));
        number = object::adopt(fileno ? PyNumber_Long(fileno.get()) : nullptr);
        if (!number) {
            PyErr_Format(PyExc_ValueError, "Invalid file object: %R", given);
            return -1;
        }
    }
    const long fd = PyLong_AsLong(number.get());
    if (fd == -1 && PyErr_Occurred())
        return -1;
    if (fd >= 0 && fd <= std::numeric_limits<int>::max())
        return static_cast<int>(fd);
    PyErr_Format(PyExc_ValueError, "Invalid file descriptor: %ld", fd);
    return -1;
}

/// The descriptor of what may be watched, also by a file object that was closed since, which the
/// selectors module finds by its identity.
int watched_descriptor_of(loop_object& self, PyObject* given) noexcept {
    const int fd = descriptor_of(given);
    if (fd >= 0 || PyLong_Check(given) || !PyErr_ExceptionMatches(PyExc_ValueError))
        return fd;
    const int watched = self.watched_fd_of(given);
    if (watched >= 0)
        PyErr_Clear();
    return watched;
}

/// What epoll would say of a descriptor, where the engine cannot be asked: an errno or 0.
int errno_of_watching(int fd) noexcept {
    if (fcntl(fd, F_GETFD) < 0)
        return errno; // and not the number of the set
    const int set = epoll_create1(EPOLL_CLOEXEC);
    if (set < 0)
        return errno;
    epoll_event wanted{};
    const int failure = epoll_ctl(set, EPOLL_CTL_ADD, fd, &wanted) < 0 ? errno : 0;
    ::close(set);
    return failure;
}

/// Begins to watch, or has the loop do so: when it first runs, or if another thread runs it. False
/// with an exception set on failure.
bool begin(loop_object& self, watch& added, bool ours) noexcept {
    if (!ours) {
        added.muted = true;
        const int failure = errno_of_watching(added.fd());
        if (failure != 0)
            raise_os_error(failure);
        return failure == 0;
    }
    try {
        self.home->watch(added);
        return true;
    } catch (const error& failure) {
        raise_os_error(errno_of_refused(added.fd(), failure));
        return false;
    }
}

PyObject* add_watch(PyObject* object, PyObject* const* arguments, Py_ssize_t count, bool writing,
                    const char* method) {
    loop_object& self = loop_of(object);
    if (count < 2) {
        PyErr_Format(PyExc_TypeError, "%s() missing a required argument: '%s'", method,
                     count < 1 ? "fd" : "callback");
        return nullptr;
    }
    call what;
    if (!parse_call(method, arguments, count, nullptr, 1, what) || !check_open(self))
        return nullptr;
    const int fd = descriptor_of(arguments[0]);
    if (fd < 0)
        return nullptr;
    auto created = object::adopt(reinterpret_cast<PyObject*>(new_handle(self, what)));
    if (!created)
        return nullptr;
    PyObject* const file = PyLong_Check(arguments[0]) ? nullptr : arguments[0];
    return self.put_watch(fd, writing, created, nullptr, file) ? created.release() : nullptr;
}

PyObject* remove_watch(PyObject* object, PyObject* given, bool writing) {
    loop_object& self = loop_of(object);
    if (self.closed || !self.core)
        Py_RETURN_FALSE;
    const int fd = watched_descriptor_of(self, given);
    if (fd < 0)
        return nullptr;
    return PyBool_FromLong(self.remove_watch(fd, writing));
}

} // namespace

bool loop_object::put_watch(int fd, bool writing, object callback, waiter_function call_waiter,
                            PyObject* file) noexcept {
    watch* const existing = watch_of(fd, writing);
    std::optional<acquired_context> acquired;
    if (home && !home->on_owner_thread())
        acquired.emplace(context);
    const bool elsewhere = acquired && !*acquired;
    // If it is neither, its descriptor was closed, and another one has its number now.
    if (existing && !elsewhere && (existing->watching() || existing->muted)) {
        // What was idle has taken no notice of what is queued.
        existing->renewed = existing->queued() && (existing->callback || !call_waiter);
        const bool replaces_handle = existing->callback && !existing->call_waiter;
        existing->call_waiter = call_waiter;
        const auto replaced = std::exchange(existing->callback, std::move(callback));
        // What is let go of here may remove the watch.
        return !replaces_handle || cancel(handle_of(replaced.get()));
    }
    // What the engine has of one only the loop's thread may look at.
    if (existing)
        remove_watch(fd, writing);
    auto added = std::make_unique<watch>(*this, fd, writing ? G_IO_OUT : G_IO_IN);
    if (!begin(*this, *added, home && !elsewhere))
        return false;
    added->callback = std::move(callback);
    added->call_waiter = call_waiter;
    added->file = object::retain(file);
    auto& watches = core->watches;
    if (watches.size() <= static_cast<std::size_t>(fd))
        watches.resize(static_cast<std::size_t>(fd) + 1);
    watches[static_cast<std::size_t>(fd)][writing] = std::move(added);
    if (elsewhere) {
        core->added.push_back(fd);
        post_starter();
    }
    return true;
}

PyObject* add_reader(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
    return add_watch(self, arguments, count, false, "add_reader");
}
PyObject* add_writer(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
    return add_watch(self, arguments, count, true, "add_writer");
}
PyObject* remove_reader(PyObject* self, PyObject* fd) { return remove_watch(self, fd, false); }
PyObject* remove_writer(PyObject* self, PyObject* fd) { return remove_watch(self, fd, true); }

PyObject* watches_of(PyObject* object, PyObject* given) {
    loop_object& self = loop_of(object);
    if (!check_open(self))
        return nullptr;
    const int fd = watched_descriptor_of(self, given);
    if (fd < 0)
        return nullptr;
    const auto handle_or_none = [&](bool writing) {
        const watch* found = self.watch_of(fd, writing);
        return found && found->callback ? found->callback.get() : Py_None;
    };
    return PyTuple_Pack(2, handle_or_none(false), handle_or_none(true));
}

} // namespace gawait::python
