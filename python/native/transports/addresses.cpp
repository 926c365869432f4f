#include "transports/addresses.hpp"

#include <arpa/inet.h>

#include <array>
#include <cstddef>

namespace gawait::python {
namespace {

/// The text of an IPv4 address, which is often that of the datagram before.
object to_text(const in_addr& host) noexcept {
    static in_addr of_last;
    static PyObject* last;
    if (!last || of_last.s_addr != host.s_addr) {
        std::array<char, INET_ADDRSTRLEN> text{};
        inet_ntop(AF_INET, &host, text.data(), text.size());
        of_last = host;
        Py_XSETREF(last, PyUnicode_FromString(text.data()));
    }
    return object::retain(last);
}

} // namespace

object to_python(const address& from, socklen_t size) noexcept {
    switch (size == 0 ? AF_UNSPEC : from.any.sa_family) {
    case AF_INET: {
        const object host = to_text(from.ipv4.sin_addr);
        const auto port = object::adopt(PyLong_FromLong(ntohs(from.ipv4.sin_port)));
        return object::adopt(host && port ? PyTuple_Pack(2, host.get(), port.get()) : nullptr);
    }
    case AF_INET6: {
        std::array<char, INET6_ADDRSTRLEN> text{};
        inet_ntop(AF_INET6, &from.ipv6.sin6_addr, text.data(), text.size());
        return object::adopt(Py_BuildValue("siII", text.data(), ntohs(from.ipv6.sin6_port),
                                           ntohl(from.ipv6.sin6_flowinfo),
                                           from.ipv6.sin6_scope_id));
    }
    case AF_UNIX: {
        const auto length = static_cast<Py_ssize_t>(size - offsetof(sockaddr_un, sun_path));
        const char* const path = from.local.sun_path;
        return object::adopt(length > 0 && path[0] == '\0' // abstract
                                 ? PyBytes_FromStringAndSize(path, length)
                                 : PyUnicode_DecodeFSDefault(path));
    }
    default:
        return object::retain(Py_None);
    }
}

} // namespace gawait::python
