#include "gawait/giomm.hpp"

#include "gawait/gio/file.hpp"
#include "gawait/gio/input_stream.hpp"

#include "gawait/run.hpp"
#include "gawait/spawn.hpp"
#include "gawait/with_timeout.hpp"

#include "support/descriptors.hpp"
#include "support/temporary_directory.hpp"

#include <gio/gunixinputstream.h>
#include <giomm.h>
#include <gtest/gtest.h>

#include <string>
#include <type_traits>

namespace gawait::test {
namespace {

using namespace std::chrono_literals;

struct with_giomm : testing::Test {
    with_giomm() { Gio::init(); }
    temporary_directory directory;
};

Glib::RefPtr<Gio::File> file_at(const temporary_directory& in, const char* name) {
    return Gio::File::create_for_path((in.path() / name).string());
}

/// Reads of a file as giomm has it.
auto read(const Glib::RefPtr<Gio::File>& file) {
    return giomm::async([&file](auto&... how) { file->read_async(how...); },
                        [&file](auto& came) { return file->read_finish(came); });
}

TEST_F(with_giomm, a_method_is_awaited_and_gives_what_its_finish_function_gives) {
    directory.file("some", "12345");
    run([](Glib::RefPtr<Gio::File> file) -> task<> {
        auto stream = co_await read(file);
        static_assert(std::is_same_v<decltype(stream), Glib::RefPtr<Gio::FileInputStream>>);
        std::string text(10, '\0');
        const gssize count = co_await giomm::async(
            [&](auto&... how) { stream->read_async(text.data(), text.size(), how...); },
            [&](auto& came) { return stream->read_finish(came); });
        EXPECT_EQ(text.substr(0, std::size_t(count)), "12345");
    }(file_at(directory, "some")));
}

TEST_F(with_giomm, a_finish_function_may_give_nothing_or_several_things) {
    directory.file("some", "12345");
    run([](Glib::RefPtr<Gio::File> file) -> task<> {
        const auto drop = [&](const auto& came) { (void)file->query_info_finish(came); };
        const auto ask = [&](auto&... how) { file->query_info_async(how...); };
        static_assert(std::is_void_v<decltype(giomm::async(ask, drop).await_resume())>);
        co_await giomm::async(ask, drop);
        auto [size, etag] = co_await giomm::async(ask, [&](auto& came) {
            const auto info = file->query_info_finish(came);
            return std::pair(info->get_size(), std::string(info->get_etag()));
        });
        EXPECT_EQ(size, 5);
        EXPECT_FALSE(etag.empty());
    }(file_at(directory, "some")));
}

TEST_F(with_giomm, an_exception_of_glibmm_is_an_error_of_ours) {
    run([](Glib::RefPtr<Gio::File> file) -> task<> {
        EXPECT_THROW(co_await read(file), error);
        const auto outcome = co_await as_result(read(file));
        EXPECT_TRUE(outcome.error().matches(G_IO_ERROR_NOT_FOUND));
        EXPECT_NE(std::string(outcome.error().message()).find("nowhere"), std::string::npos);
    }(file_at(directory, "nowhere")));
}

TEST_F(with_giomm, an_error_of_ours_is_thrown_as_glibmm_does) {
    try {
        giomm::throw_as_glibmm(error(G_IO_ERROR_NOT_FOUND, "not there"));
    } catch (const Gio::Error& failure) {
        EXPECT_EQ(failure.code(), Gio::Error::NOT_FOUND);
        const error again = giomm::error_of(failure);
        EXPECT_TRUE(again.matches(G_IO_ERROR_NOT_FOUND));
        EXPECT_STREQ(again.message(), "not there");
    }
}

/// Reads of a pipe that nobody writes to.
task<gssize> wait_for_bytes(Glib::RefPtr<Gio::InputStream> stream, std::string& buffer) {
    co_return co_await giomm::async(
        [&](auto&... how) { stream->read_async(buffer.data(), buffer.size(), how...); },
        [&](auto& came) { return stream->read_finish(came); });
}

TEST_F(with_giomm, a_method_that_is_cancelled_has_ended_when_the_await_has) {
    const descriptor_pair pipe = descriptor_pair::pipe();
    const auto silent = Glib::wrap(g_unix_input_stream_new(pipe.first.get(), FALSE));
    run([](Glib::RefPtr<Gio::InputStream> stream) -> task<> {
        std::string buffer(10, '\0');
        auto handle = spawn(wait_for_bytes(stream, buffer));
        co_await sleep_for(1ms);
        EXPECT_TRUE(stream->has_pending());
        handle.cancel();
        const auto outcome = co_await as_result(std::move(handle));
        EXPECT_TRUE(outcome.was_cancelled());
        EXPECT_FALSE(stream->has_pending());

        const auto late = co_await as_result(with_timeout(1ms, wait_for_bytes(stream, buffer)));
        EXPECT_TRUE(late.error().matches(G_IO_ERROR_TIMED_OUT));
    }(silent));
}

TEST_F(with_giomm, a_task_that_is_cancelled_begins_nothing) {
    bool began = false;
    auto handle = spawn([](bool& noted) -> task<> {
        const auto start = [&](auto&, auto&) { noted = true; };
        co_await giomm::async(start, [](auto&) {});
    }(began));
    handle.cancel();
    run([](join_handle<void> waited) -> task<> {
        EXPECT_TRUE((co_await as_result(std::move(waited))).was_cancelled());
    }(std::move(handle)));
    EXPECT_FALSE(began);
}

TEST_F(with_giomm, what_the_start_throws_comes_out_of_the_await) {
    run([]() -> task<> {
        const auto start = [](auto&...) { throw Gio::Error(Gio::Error::BUSY, "not now"); };
        const auto finish = [](auto&) {};
        EXPECT_THROW(co_await giomm::async(start, finish), Gio::Error);
    }());
}

TEST_F(with_giomm, objects_go_there_and_back_without_a_reference_more) {
    directory.file("some", "12345");
    run([](Glib::RefPtr<Gio::File> file) -> task<> {
        auto stream = Glib::wrap((co_await gio::file_read(file)).release());
        static_assert(std::is_same_v<decltype(stream), Glib::RefPtr<Gio::FileInputStream>>);
        EXPECT_EQ(G_OBJECT(stream->gobj())->ref_count, 1U);
        const auto held = ref_to<GInputStream>(stream);
        EXPECT_EQ(G_OBJECT(held.get())->ref_count, 2U);

        std::string text(10, '\0');
        Gio::InputStream* const plain = stream.get();
        EXPECT_EQ(co_await gio::input_stream_read(plain, text), 5);
    }(file_at(directory, "some")));
}

static_assert(handle_to<Glib::RefPtr<Gio::FileInputStream>, GInputStream>);
static_assert(handle_to<Gio::FileInputStream*, GInputStream>);
static_assert(handle_to<const Gio::FileInputStream*, GInputStream>);
static_assert(!handle_to<Gio::InputStream*, GFileInputStream>);

} // namespace
} // namespace gawait::test
