#pragma once

#include "python.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace gawait::python {

/// An address of a socket, as the kernel has it.
union address {
    sockaddr_storage whole; // first, to be cleared: a path may end without a NUL
    sockaddr any;
    sockaddr_in ipv4;
    sockaddr_in6 ipv6;
    sockaddr_un local;
};

/// The address as the module `socket` has it; None for that of a family other than IP and Unix, or
/// of none. Empty with an exception set on failure.
///
/// @param size as the kernel has told.
object to_python(const address& from, socklen_t size) noexcept;

} // namespace gawait::python
