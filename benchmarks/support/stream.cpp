#include "support/stream.hpp"

#include "support/check.hpp"

#include <fcntl.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <stdexcept>
#include <utility>

namespace gawait::benchmarks {
namespace {

[[noreturn]] void fail_by_openssl(const char* what) {
    std::array<char, 256> text{};
    ERR_error_string_n(ERR_get_error(), text.data(), text.size());
    throw std::runtime_error(std::string(what) + ": " + text.data());
}

tls_context new_context(const SSL_METHOD* method) {
    tls_context context(SSL_CTX_new(method));
    if (!context)
        fail_by_openssl("SSL_CTX_new");
    // What was not sent at once is sent from wherever it is then.
    SSL_CTX_set_mode(context.get(),
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

int as_int(std::size_t size) {
    return int(std::min(size, std::size_t(std::numeric_limits<int>::max())));
}

} // namespace

tls_context server_tls(const std::string& certificate) {
    auto context = new_context(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context.get(), certificate.c_str(), SSL_FILETYPE_PEM) != 1)
        fail_by_openssl(certificate.c_str());
    return context;
}

tls_context client_tls() { return new_context(TLS_client_method()); }

stream::stream(descriptor socket, SSL_CTX* tls) : socket_(std::move(socket)) {
    int domain = 0;
    socklen_t length = sizeof(domain);
    check(getsockopt(fd(), SOL_SOCKET, SO_DOMAIN, &domain, &length), "SO_DOMAIN");
    can_truncate_ = domain == AF_INET && !tls;
    if (!tls)
        return;
    tls_.reset(SSL_new(tls));
    if (!tls_ || SSL_set_fd(tls_.get(), fd()) != 1)
        fail_by_openssl("SSL_new");
    if (SSL_is_server(tls_.get()))
        SSL_set_accept_state(tls_.get());
    else
        SSL_set_connect_state(tls_.get());
}

void stream::set_nonblocking() {
    const int flags = check(fcntl(fd(), F_GETFL), "fcntl");
    check(fcntl(fd(), F_SETFL, flags | O_NONBLOCK), "fcntl");
}

std::size_t stream::send(std::span<const char> data) {
    if (!tls_) {
        const auto sent = ::send(fd(), data.data(), data.size(), MSG_NOSIGNAL);
        return sent < 0 && errno == EAGAIN ? 0 : std::size_t(check(sent, "send"));
    }
    const int sent = SSL_write(tls_.get(), data.data(), as_int(data.size()));
    return would_block(sent) ? 0 : std::size_t(sent);
}

std::optional<std::size_t> stream::receive(std::span<char> into) {
    return tls_ ? receive_by_tls(into) : receive_by_socket(into.data(), into.size(), 0);
}

std::optional<std::size_t> stream::drop(std::size_t most) {
    static std::array<char, std::size_t(256) * 1024> dropped;
    if (can_truncate_)
        return receive_by_socket(nullptr, most, MSG_TRUNC);
    return receive(std::span(dropped).first(std::min(most, dropped.size())));
}

std::optional<std::size_t> stream::receive_by_socket(char* into, std::size_t most, int flags) {
    const auto received = recv(fd(), into, most, flags);
    if (received == 0)
        return std::nullopt;
    return received < 0 && errno == EAGAIN ? 0 : std::size_t(check(received, "recv"));
}

std::optional<std::size_t> stream::receive_by_tls(std::span<char> into) {
    const int received = SSL_read(tls_.get(), into.data(), as_int(into.size()));
    if (received <= 0 && SSL_get_error(tls_.get(), received) == SSL_ERROR_ZERO_RETURN)
        return std::nullopt;
    return would_block(received) ? 0 : std::size_t(received);
}

bool stream::would_block(int result) const {
    if (result > 0)
        return false;
    const int reason = SSL_get_error(tls_.get(), result);
    if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE)
        fail_by_openssl("TLS");
    return true;
}

} // namespace gawait::benchmarks
