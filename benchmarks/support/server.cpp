#include "support/server.hpp"

#include "support/check.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <stdexcept>

namespace gawait::benchmarks {
namespace {

template <class Address> void connect_to(const descriptor& socket, const Address& address) {
    check(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)),
          "connect");
}

} // namespace

server::server(const std::string& address, pid_t process) : process_(process) {
    const auto colon = address.find(':');
    if (colon == std::string::npos)
        throw std::invalid_argument(address);
    const std::string kind = address.substr(0, colon), where = address.substr(colon + 1);
    if (kind.ends_with("+tls"))
        tls_ = client_tls();
    if (kind.starts_with("tcp"))
        port_ = std::uint16_t(std::atoi(where.c_str()));
    else if (where.size() >= sizeof(path_.sun_path))
        throw std::invalid_argument(address);
    path_.sun_family = AF_UNIX;
    where.copy(path_.sun_path, sizeof(path_.sun_path) - 1);
}

stream server::connect() const { return {connected_socket(), tls_.get()}; }

descriptor server::connected_socket() const {
    const int family = port_ ? AF_INET : AF_UNIX;
    descriptor connected(check(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    if (!port_) {
        connect_to(connected, path_);
        return connected;
    }
    const int on = 1;
    check(setsockopt(connected.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), "TCP_NODELAY");
    // Closed at once: thousands of connections would else use up the ports for a minute.
    const linger none{1, 0};
    check(setsockopt(connected.get(), SOL_SOCKET, SO_LINGER, &none, sizeof(none)), "SO_LINGER");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect_to(connected, address);
    return connected;
}

void server::await_accepted(stream& connected) {
    char byte = 0;
    connected.send({&byte, 1});
    if (!connected.receive({&byte, 1}))
        throw std::runtime_error("the server has closed the connection");
}

std::chrono::nanoseconds server::processor_time() const {
    return benchmarks::processor_time(process_);
}

double server::memory() const {
    std::ifstream statistics("/proc/" + std::to_string(process_) + "/statm");
    double all = 0, resident = 0; // pages
    statistics >> all >> resident;
    return resident * double(sysconf(_SC_PAGESIZE));
}

std::chrono::nanoseconds processor_time(pid_t process) {
    clockid_t clock{};
    if (const int failure = clock_getcpuclockid(process, &clock))
        throw std::system_error(failure, std::generic_category(), "clock_getcpuclockid");
    timespec used{};
    check(clock_gettime(clock, &used), "clock_gettime");
    return std::chrono::seconds(used.tv_sec) + std::chrono::nanoseconds(used.tv_nsec);
}

} // namespace gawait::benchmarks
