#include "gawait/dbus/detail/message_reader.hpp"

#include <gio/gunixfdlist.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gawait::dbus::detail {
namespace {

constexpr std::size_t block_size = std::size_t{64} << 10;
constexpr std::size_t least_room = std::size_t{16} << 10;

constexpr std::size_t most_descriptors = 253; // that the kernel lets go at once

/// Room for as many descriptors.
union control_buffer {
    cmsghdr aligned;
    char bytes[CMSG_SPACE(most_descriptors * sizeof(int))];
};

void append_descriptors(const msghdr& message, std::vector<int>& to) noexcept {
    for (cmsghdr* each = CMSG_FIRSTHDR(&message); each;
         each = CMSG_NXTHDR(const_cast<msghdr*>(&message), each)) {
        if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_RIGHTS)
            continue;
        const std::size_t count = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        const std::size_t before = to.size();
        to.resize(before + count);
        std::memcpy(to.data() + before, CMSG_DATA(each), count * sizeof(int));
    }
}

} // namespace

ref<GDBusMessage> received_message::parsed(GError** failure) const noexcept {
    // GDBus's type of a blob is one that could be written to.
    auto* const blob = reinterpret_cast<guchar*>(const_cast<char*>(bytes.data()));
    auto message = ref<GDBusMessage>::adopt(g_dbus_message_new_from_blob(
        blob, bytes.size(), G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, failure));
    if (message && descriptors)
        g_dbus_message_set_unix_fd_list(message, descriptors);
    return message;
}

message_reader::~message_reader() { clear(); }

void message_reader::clear() noexcept {
    for (const int each : descriptors_)
        ::close(each);
    descriptors_.clear();
    block_.reset();
    capacity_ = begin_ = end_ = 0;
}

/// Grows by what has come, and not by what a message says of its length.
void message_reader::make_room() noexcept {
    if (begin_ == end_ && block_ && block_.use_count() == 1)
        begin_ = end_ = 0;
    if (capacity_ - end_ >= least_room)
        return;
    const std::string_view kept = rest();
    const std::size_t capacity = std::max(block_size, 2 * kept.size() + least_room);
    auto fresh = std::make_shared_for_overwrite<char[]>(capacity);
    if (!kept.empty())
        std::memcpy(fresh.get(), kept.data(), kept.size());
    end_ = kept.size();
    begin_ = 0;
    block_ = std::move(fresh);
    capacity_ = capacity;
}

message_reader::state message_reader::receive(int socket) noexcept {
    make_room();
    iovec into{block_.get() + end_, capacity_ - end_};
    control_buffer control;
    msghdr message{};
    message.msg_iov = &into;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    ssize_t size = 0;
    do
        size = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (size < 0 && errno == EINTR);
    if (size < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? state::nothing : state::ended;
    append_descriptors(message, descriptors_);
    if (size == 0 || (message.msg_flags & MSG_CTRUNC))
        return state::ended;
    end_ += static_cast<std::size_t>(size);
    return state::some;
}

bool message_reader::take_descriptors(received_message& of) noexcept {
    const std::size_t count = of.header.descriptors;
    if (count > descriptors_.size())
        return false;
    if (count > 0) {
        of.descriptors = ref<GUnixFDList>::adopt(
            g_unix_fd_list_new_from_array(descriptors_.data(), static_cast<int>(count)));
        descriptors_.erase(descriptors_.begin(),
                           descriptors_.begin() + static_cast<std::ptrdiff_t>(count));
    }
    // They come with the beginning of their message, and not after it.
    return descriptors_.empty() || begin_ + of.bytes.size() < end_;
}

message_reader::found message_reader::next(received_message& into) noexcept {
    const std::string_view here = rest();
    if (here.size() < message_header::fixed_size)
        return found::nothing;
    const std::size_t length = message_header::length_of(here);
    if (length > here.size())
        return found::nothing;
    into.bytes = here.substr(0, length);
    into.descriptors = nullptr;
    if (length == 0 || !into.header.read(into.bytes) || !take_descriptors(into))
        return found::garbage;
    into.memory = block_;
    begin_ += length;
    return found::message;
}

} // namespace gawait::dbus::detail
