#pragma once

#include "support/descriptor.hpp"

#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace gawait::benchmarks {

/// Frees what is OpenSSL's.
struct openssl_free {
    void operator()(SSL* owned) const noexcept { SSL_free(owned); }
    void operator()(SSL_CTX* owned) const noexcept { SSL_CTX_free(owned); }
};

using tls_context = std::unique_ptr<SSL_CTX, openssl_free>;

/// For a server's streams.
/// @param certificate the path of a file in PEM that has it and its key.
tls_context server_tls(const std::string& certificate);

/// For a client's streams. They do not ask who the server is.
tls_context client_tls();

/// A connected socket, with or without TLS. Errors are thrown.
class stream {
public:
    /// @param tls is the context of a server or a client, and nullptr without TLS.
    stream(descriptor socket, SSL_CTX* tls);

    int fd() const noexcept { return socket_.get(); }

    /// From now on it does not block.
    void set_nonblocking();

    /// Returns how much was sent, 0 where it would block.
    std::size_t send(std::span<const char> data);

    /// Returns how much was received, 0 where it would block, and nothing where the other side
    /// has closed the connection.
    std::optional<std::size_t> receive(std::span<char> into);

    /// The same, for what nobody looks at: over TCP the kernel does not even copy it.
    std::optional<std::size_t> drop(std::size_t most);

    /// Whether there is something to receive that the socket no longer tells of.
    bool has_pending() const noexcept { return tls_ && SSL_has_pending(tls_.get()); }

private:
    std::optional<std::size_t> receive_by_socket(char* into, std::size_t most, int flags);
    std::optional<std::size_t> receive_by_tls(std::span<char> into);
    bool would_block(int result) const;

    descriptor socket_;
    std::unique_ptr<SSL, openssl_free> tls_;
    bool can_truncate_ = false; // of the kernel's sockets, those of TCP drop what they receive
};

} // namespace gawait::benchmarks
