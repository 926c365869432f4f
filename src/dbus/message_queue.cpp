#include "gawait/dbus/detail/message_queue.hpp"

#include <gio/gunixfdlist.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace gawait::dbus::detail {
namespace {

constexpr std::size_t kept_capacity = std::size_t{256} << 10;

ssize_t send_once(int socket, std::string_view bytes, GUnixFDList* descriptors) noexcept {
    iovec from{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &from;
    message.msg_iovlen = 1;
    std::vector<char> control;
    if (descriptors) {
        int count = 0;
        const int* const numbers = g_unix_fd_list_peek_fds(descriptors, &count);
        const std::size_t size = static_cast<std::size_t>(count) * sizeof(int);
        control.resize(CMSG_SPACE(size)); // aligned, as what operator new gives is
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* const head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(size);
        std::memcpy(CMSG_DATA(head), numbers, size);
    }
    ssize_t sent = 0;
    do
        sent = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent;
}

} // namespace

void message_queue::append(message_queue&& other) noexcept {
    const std::size_t end = bytes_.size();
    for (attached& each : other.descriptors_)
        descriptors_.push_back({end + each.at - other.begin_, std::move(each.descriptors)});
    bytes_.append(other.bytes_, other.begin_);
    other.bytes_.clear();
    other.begin_ = 0;
    other.descriptors_.clear();
}

/// Not each time: what is behind has to move.
void message_queue::drop_sent() noexcept {
    if (begin_ < bytes_.size() && begin_ <= bytes_.size() / 2)
        return;
    bytes_.erase(0, begin_);
    for (attached& each : descriptors_)
        each.at -= begin_;
    begin_ = 0;
    if (bytes_.empty() && bytes_.capacity() > kept_capacity)
        bytes_.shrink_to_fit();
}

bool message_queue::send(int socket) noexcept {
    while (!empty()) {
        // Descriptors go with the first byte of their message, and not with what is before it.
        GUnixFDList* with = nullptr;
        std::size_t end = bytes_.size();
        for (const attached& each : descriptors_) {
            if (each.at == begin_) {
                with = each.descriptors;
                continue;
            }
            end = each.at;
            break;
        }
        const std::string_view next = std::string_view(bytes_).substr(begin_, end - begin_);
        const ssize_t sent = send_once(socket, next, with);
        if (sent < 0) {
            const bool is_full = errno == EAGAIN || errno == EWOULDBLOCK;
            drop_sent();
            return is_full;
        }
        if (with)
            descriptors_.pop_front();
        begin_ += static_cast<std::size_t>(sent);
    }
    drop_sent();
    return true;
}

} // namespace gawait::dbus::detail
