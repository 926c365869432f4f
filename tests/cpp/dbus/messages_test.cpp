#include "gawait/dbus/detail/message_queue.hpp"
#include "gawait/dbus/detail/message_reader.hpp"

#include <gio/gunixfdlist.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace gawait::dbus::test {
namespace {

using detail::message_header;
using detail::message_queue;
using detail::message_reader;
using detail::message_to_write;
using detail::received_message;

struct messages : testing::Test {
    messages() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0); }

    ~messages() override {
        for (const int each : ends)
            ::close(each);
    }

    void send(std::string_view bytes) const {
        EXPECT_EQ(::send(ends[0], bytes.data(), bytes.size(), 0), ssize_t(bytes.size()));
    }

    std::array<int, 2> ends;
    message_reader reader;
    received_message message;
};

ref<GVariant> parsed(const char* text) {
    return ref<GVariant>::adopt(g_variant_parse(nullptr, text, nullptr, nullptr, nullptr));
}

std::string written(GVariant* values, guint32 descriptors = 0) {
    std::string bytes;
    EXPECT_TRUE(detail::write_message({.type = G_DBUS_MESSAGE_TYPE_METHOD_CALL,
                                       .serial = 5,
                                       .descriptors = descriptors,
                                       .path = "/org/example",
                                       .interface = "org.example.Interface",
                                       .member = "Member",
                                       .destination = "org.example",
                                       .values = values},
                                      bytes));
    return bytes;
}

ref<GDBusMessage> by_gdbus(std::string bytes) {
    return ref<GDBusMessage>::adopt(
        g_dbus_message_new_from_blob(reinterpret_cast<guchar*>(bytes.data()), bytes.size(),
                                     G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, nullptr));
}

ref<GVariant> body_of(GDBusMessage* message) {
    if (GVariant* const body = g_dbus_message_get_body(message))
        return ref<GVariant>::retain(body);
    return parsed("()");
}

const char* const all_values[] = {
    "()",
    "('text',)",
    "(true, byte 1, int16 -2, uint16 3, -4, uint32 5, int64 -6, uint64 7, 1.5)",
    "(objectpath '/a/b', signature 'a{sv}', handle 1)",
    "(@as [], ['a', 'bcd', ''], @a(ix) [(1, 2)], @aay [[0x01], [0x02, 0x03]])",
    "({'one': <1>, 'two': <'x'>, 'nested': <{'three': <@ad [1.5, 2.5]>}>},)",
    "([true, false], [uint64 1, 2], (1, ('a', byte 2)), <<(byte 1, 'x')>>)",
    "(@a{yv} {byte 1: <'a'>}, @a(yd) [(1, 1.5), (2, 2.5)], 'behind')",
};

TEST_F(messages, are_read_by_GDBus_as_they_were_written) {
    for (const char* const text : all_values) {
        const auto values = parsed(text);
        const auto read = by_gdbus(written(values));
        ASSERT_TRUE(read) << text;
        EXPECT_TRUE(g_variant_equal(body_of(read), values)) << text;
        EXPECT_STREQ(g_dbus_message_get_member(read), "Member");
        EXPECT_STREQ(g_dbus_message_get_interface(read), "org.example.Interface");
        EXPECT_STREQ(g_dbus_message_get_path(read), "/org/example");
        EXPECT_STREQ(g_dbus_message_get_destination(read), "org.example");
        EXPECT_EQ(g_dbus_message_get_serial(read), 5u);
    }
}

TEST_F(messages, are_read_in_both_byte_orders_as_GDBus_writes_them) {
    for (const auto order :
         {G_DBUS_MESSAGE_BYTE_ORDER_BIG_ENDIAN, G_DBUS_MESSAGE_BYTE_ORDER_LITTLE_ENDIAN})
        for (const char* const text : all_values) {
            const auto values = parsed(text);
            const auto of_gdbus = by_gdbus(written(values));
            g_dbus_message_set_byte_order(of_gdbus, order);
            gsize size = 0;
            const unique_g_ptr<guchar> blob(
                g_dbus_message_to_blob(of_gdbus, &size, G_DBUS_CAPABILITY_FLAGS_NONE, nullptr));
            const std::string_view bytes(reinterpret_cast<char*>(blob.get()), size);
            message_header header;
            ASSERT_EQ(message_header::length_of(bytes), size);
            ASSERT_TRUE(header.read(bytes)) << text;
            EXPECT_EQ(header.member, "Member");
            const auto read = header.values();
            ASSERT_TRUE(read) << text;
            EXPECT_TRUE(g_variant_is_normal_form(read));
            EXPECT_TRUE(g_variant_equal(read, values)) << text;
        }
}

TEST_F(messages, with_what_D_Bus_does_not_know_are_not_written) {
    for (const char* const text : {"(@mi 5,)", "((),)", "([@ms nothing],)", "(<@mi 5>,)"}) {
        std::string bytes = "before";
        const auto values = parsed(text);
        EXPECT_FALSE(detail::write_message(
            {.type = G_DBUS_MESSAGE_TYPE_METHOD_CALL, .serial = 1, .values = values}, bytes));
        EXPECT_EQ(bytes, "before");
    }
}

TEST_F(messages, that_are_cut_off_are_none) {
    const std::string whole = written(parsed(all_values[5]));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        message_header header;
        EXPECT_FALSE(header.read(std::string_view(whole).substr(0, size)));
    }
}

TEST_F(messages, with_lengths_that_overflow_are_none) {
    const std::string whole = written(parsed("('a',)"));
    for (const std::size_t at : {std::size_t{4}, std::size_t{12}})
        for (const guint32 length : {0xffffffffu, 0xfffffff0u, 0x80000000u, 0x08000001u}) {
            std::string changed = whole;
            std::memcpy(changed.data() + at, &length, sizeof length);
            EXPECT_EQ(message_header::length_of(changed), 0u);
        }
}

/// What is read is what GDBus reads; what is not, it may read.
TEST_F(messages, that_are_changed_at_random_are_refused_or_read_as_GDBus_does) {
    std::mt19937 random(1);
    int read = 0;
    for (int round = 0; round < 20'000; ++round) {
        std::string bytes = written(parsed(all_values[random() % std::size(all_values)]));
        for (unsigned changes = random() % 4; changes-- > 0;)
            bytes[random() % bytes.size()] =
                static_cast<char>(random() % 3 ? random() % 9 : random());
        message_header header;
        if (message_header::length_of(bytes) != bytes.size() || !header.read(bytes))
            continue;
        const auto values = header.values();
        const auto expected = by_gdbus(bytes);
        if (!values || !expected)
            continue;
        ++read;
        EXPECT_TRUE(g_variant_is_normal_form(values));
        EXPECT_TRUE(g_variant_equal(values, body_of(expected)));
        EXPECT_EQ(header.serial, g_dbus_message_get_serial(expected));
    }
    EXPECT_GT(read, 1000);
}

TEST_F(messages, may_come_byte_by_byte) {
    const std::string whole = written(parsed("('some text',)"));
    for (const char each : whole) {
        EXPECT_EQ(reader.next(message), message_reader::found::nothing);
        send({&each, 1});
        EXPECT_EQ(reader.receive(ends[1]), message_reader::state::some);
    }
    ASSERT_EQ(reader.next(message), message_reader::found::message);
    EXPECT_EQ(message.bytes, whole);
    EXPECT_EQ(reader.receive(ends[1]), message_reader::state::nothing);
    ::shutdown(ends[0], SHUT_WR);
    EXPECT_EQ(reader.receive(ends[1]), message_reader::state::ended);
}

TEST_F(messages, are_kept_where_they_are_while_others_come) {
    const std::string whole = written(parsed("('some text',)"));
    std::vector<received_message> all;
    while (all.size() < 5000) {
        send(whole);
        EXPECT_EQ(reader.receive(ends[1]), message_reader::state::some);
        ASSERT_EQ(reader.next(message), message_reader::found::message);
        all.push_back(message);
    }
    for (const received_message& each : all)
        EXPECT_EQ(each.bytes, whole);
}

TEST_F(messages, have_the_descriptors_that_they_say_that_they_have) {
    message_queue queue;
    const std::array<guint32, 4> counts{0, 2, 0, 1};
    for (const guint32 count : counts) {
        const auto list = ref<GUnixFDList>::adopt(g_unix_fd_list_new());
        for (guint32 each = 0; each < count; ++each)
            g_unix_fd_list_append(list, ends[0], nullptr);
        queue.append(written(parsed("('text',)"), count), count > 0 ? list.get() : nullptr);
    }
    EXPECT_TRUE(queue.send(ends[0]));
    EXPECT_TRUE(queue.empty());
    for (const guint32 count : counts) {
        while (reader.next(message) == message_reader::found::nothing)
            ASSERT_EQ(reader.receive(ends[1]), message_reader::state::some);
        EXPECT_EQ(message.header.descriptors, count);
        EXPECT_EQ(message.descriptors ? g_unix_fd_list_get_length(message.descriptors) : 0,
                  int(count));
    }
}

TEST_F(messages, without_their_descriptors_are_garbage) {
    send(written(parsed("('text',)"), 1));
    EXPECT_EQ(reader.receive(ends[1]), message_reader::state::some);
    EXPECT_EQ(reader.next(message), message_reader::found::garbage);
}

TEST_F(messages, that_nobody_takes_wait_to_be_sent) {
    message_queue queue;
    const std::string whole = written(parsed("('some text',)"));
    std::size_t sent = 0, came = 0;
    for (; queue.empty(); ++sent) {
        queue.append(whole);
        ASSERT_TRUE(queue.send(ends[0]));
    }
    while (came < sent) {
        if (reader.next(message) == message_reader::found::message) {
            EXPECT_EQ(message.bytes, whole);
            ++came;
        } else {
            EXPECT_TRUE(queue.send(ends[0]));
            ASSERT_EQ(reader.receive(ends[1]), message_reader::state::some);
        }
    }
    ::close(ends[1]);
    queue.append(whole);
    EXPECT_FALSE(queue.send(ends[0]));
    ends[1] = dup(ends[0]);
}

} // namespace
} // namespace gawait::dbus::test
