#pragma once

#include "support/stream.hpp"

#include <sys/types.h>
#include <sys/un.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace gawait::benchmarks {

/// A server in another process, as its clients see it.
class server {
public:
    /// @param address "tcp:PORT" of 127.0.0.1 or "unix:PATH"; with "+tls" in front of the colon,
    ///     it speaks TLS.
    server(const std::string& address, pid_t process);

    /// Connects to it. Blocks until the kernel has done so, which does not wait for the server.
    stream connect() const;

    /// Waits until the server has accepted the connection: has a byte go there and back.
    static void await_accepted(stream& connected);

    /// The processor time that it has used.
    std::chrono::nanoseconds processor_time() const;

    /// The memory that it has, in bytes.
    double memory() const;

private:
    descriptor connected_socket() const;

    pid_t process_;
    std::uint16_t port_ = 0; // 0: on a Unix socket
    sockaddr_un path_{};
    tls_context tls_;
};

/// The processor time that a process has used.
std::chrono::nanoseconds processor_time(pid_t process);

} // namespace gawait::benchmarks
