#include "gawait/files.hpp"

#include "gawait/result.hpp"
#include "gawait/run.hpp"
#include "gawait/sleep.hpp"
#include "gawait/spawn.hpp"
#include "gawait/yield.hpp"
#include "support/loop.hpp"
#include "support/open_descriptors.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace gawait {
namespace {

using namespace std::chrono_literals;

/// A directory with more files than are fetched at once.
class full_directory : public test::temporary_directory {
public:
    full_directory() {
        for (int number = 0; number < 100; ++number)
            names.insert("file " + std::to_string(number));
        for (const auto& name : names)
            file(name, "");
    }

    ref<GFile> self() const { return ref<GFile>::adopt(g_file_new_for_path(path().c_str())); }

    std::set<std::string> names;
};

TEST(files_of, gives_each_file_of_a_directory_once) {
    const test::own_context context;
    const full_directory directory;
    const auto body = [&]() -> task<> {
        std::set<std::string> seen;
        auto files = files_of(directory.self());
        while (ref<GFileInfo>* const info = co_await files.next())
            EXPECT_TRUE(seen.insert(g_file_info_get_name(*info)).second);
        EXPECT_EQ(seen, directory.names);
        EXPECT_EQ(co_await files.next(), nullptr);
    };
    run(body());
}

TEST(files_of, finds_out_what_it_is_asked_for) {
    const test::own_context context;
    const test::temporary_directory directory;
    directory.file("five", "12345");
    const auto body = [&]() -> task<> {
        const auto self = ref<GFile>::adopt(g_file_new_for_path(directory.path().c_str()));
        auto files = files_of(self, G_FILE_ATTRIBUTE_STANDARD_SIZE);
        ref<GFileInfo>* const info = co_await files.next();
        EXPECT_EQ(g_file_info_get_size(*info), 5);
        EXPECT_FALSE(g_file_info_has_attribute(*info, G_FILE_ATTRIBUTE_TIME_MODIFIED));
    };
    run(body());
}

TEST(files_of, closes_the_directory_at_the_end_and_when_it_is_left_early) {
    const test::own_context context;
    const full_directory directory;
    const auto body = [&]() -> task<> {
        auto warm_up = files_of(directory.self()); // GIO opens descriptors of its own
        while (co_await warm_up.next()) {
        }
        const auto before = test::open_descriptors();
        auto all = files_of(directory.self());
        while (co_await all.next())
            EXPECT_EQ(test::open_descriptors(), before + 1);
        EXPECT_EQ(test::open_descriptors(), before);
        {
            auto some = files_of(directory.self());
            co_await some.next();
            EXPECT_EQ(test::open_descriptors(), before + 1);
        }
        EXPECT_EQ(test::open_descriptors(), before);
    };
    run(body());
}

TEST(files_of, closes_the_directory_when_it_is_cancelled) {
    const test::own_context context;
    const full_directory directory;
    const auto body = [&]() -> task<> {
        auto warm_up = files_of(directory.self());
        while (co_await warm_up.next()) {
        }
        const auto before = test::open_descriptors();
        int seen = 0;
        const auto reading = spawn([&]() -> task<> {
            auto files = files_of(directory.self());
            while (co_await files.next())
                ++seen;
            co_await sleep_for(1h);
        });
        while (seen == 0)
            co_await yield();
        reading.cancel();
        EXPECT_TRUE((co_await as_result(reading)).was_cancelled());
        EXPECT_EQ(test::open_descriptors(), before);
    };
    run(body());
}

TEST(files_of, what_is_no_directory_fails) {
    const test::own_context context;
    const test::temporary_directory directory;
    const auto body = [&]() -> task<> {
        auto missing = files_of(directory.file("missing"));
        EXPECT_TRUE((co_await as_result(missing.next())).error().matches(G_IO_ERROR_NOT_FOUND));
        auto plain = files_of(directory.file("plain", ""));
        EXPECT_TRUE((co_await as_result(plain.next())).error().matches(G_IO_ERROR_NOT_DIRECTORY));
    };
    run(body());
}

TEST(files_of, of_null_are_refused) {
    const test::own_context context;
    const auto refused = [](auto all) {
        const auto outcome = run(as_result(all.next()));
        return outcome.has_error() && outcome.error().matches(G_IO_ERROR_INVALID_ARGUMENT);
    };
    EXPECT_TRUE(refused(files_of(ref<GFile>())));
    EXPECT_TRUE(refused(files_of(nullptr)));
}

} // namespace
} // namespace gawait
