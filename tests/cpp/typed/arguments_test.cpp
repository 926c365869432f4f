#include "gawait/arguments.hpp"

#include "gawait/detail/typed_operation.hpp"
#include "gawait/error.hpp"
#include "gawait/handle.hpp"
#include "gawait/results.hpp"
#include "gawait/run.hpp"
#include "gawait/task.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gawait::test {

/// A smart pointer of another library.
template <class T> struct other_pointer {
    T* address;
};

/// An object of glibmm's kind.
struct wrapped_cancellable {
    GCancellable* gobj() const { return held.get(); }
    ref<GCancellable> held = ref<GCancellable>::adopt(g_cancellable_new());
};

} // namespace gawait::test

template <class T> struct gawait::handle_traits<gawait::test::other_pointer<T>> {
    static T* get(const gawait::test::other_pointer<T>& handle) noexcept { return handle.address; }
};

namespace gawait::test {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

ref<GCancellable> new_object() { return ref<GCancellable>::adopt(g_cancellable_new()); }

template <class Handle> auto hold(Handle&& handle) {
    return detail::object_argument<GCancellable, Handle>(std::forward<Handle>(handle));
}

guint references(GCancellable* object) { return G_OBJECT(object)->ref_count; }

TEST(handle, finds_the_object_of_whatever_holds_one) {
    auto object = new_object();
    EXPECT_EQ(hold(object).get(), object.get());
    EXPECT_EQ(hold(object.get()).get(), object.get());
    EXPECT_EQ(hold(other_pointer<GCancellable>{object}).get(), object.get());
    const auto wrapped = std::make_shared<wrapped_cancellable>();
    EXPECT_EQ(hold(wrapped).get(), wrapped->held.get());
    EXPECT_EQ(hold(wrapped.get()).get(), wrapped->held.get());
    EXPECT_EQ(hold(std::shared_ptr<wrapped_cancellable>()).get(), nullptr);
    EXPECT_EQ(hold(static_cast<wrapped_cancellable*>(nullptr)).get(), nullptr);
    EXPECT_FALSE(hold(nullptr).valid());
}

TEST(handle, with_a_name_is_borrowed_and_a_temporary_is_kept) {
    auto object = new_object();
    const auto borrowed = hold(object);
    EXPECT_EQ(borrowed.get(), object.get());
    EXPECT_EQ(references(object), 1U);
    const auto kept = hold(ref<GCancellable>(object));
    EXPECT_EQ(references(object), 2U);
    auto given = ref<GCancellable>::adopt(kept.give());
    EXPECT_EQ(references(object), 3U);
}

TEST(cstring, borrows_what_ends_in_a_nul) {
    const std::string text = "text";
    EXPECT_EQ(cstring(text).get(), text.c_str());
    EXPECT_EQ(cstring(text.c_str()).get(), text.c_str());
    const std::filesystem::path path = "/some/path";
    EXPECT_EQ(cstring(path).get(), path.c_str());
}

TEST(cstring, copies_a_view_and_a_temporary) {
    EXPECT_STREQ(cstring("text and more"sv.substr(0, 4)).get(), "text");
    EXPECT_STREQ(cstring("text"s).get(), "text");
    EXPECT_STREQ(cstring(std::string_view()).get(), "");
    cstring moved = cstring("text"s);
    EXPECT_STREQ(cstring(std::move(moved)).get(), "text");
}

TEST(cstring, tells_what_c_cannot_have) {
    EXPECT_FALSE(cstring(static_cast<const char*>(nullptr)).valid());
    EXPECT_FALSE(cstring("a\0b"sv).valid());
    EXPECT_FALSE(cstring("a\0b"s).valid());
    EXPECT_TRUE(cstring(""sv).valid());
    EXPECT_TRUE(optional_cstring().valid());
    EXPECT_TRUE(optional_cstring(nullptr).valid());
    EXPECT_FALSE(optional_cstring("a\0b"sv).valid());
}

TEST(cstrings, are_made_of_any_range_and_end_in_null) {
    const std::vector<std::string> words{"one", "two"};
    cstrings given(words);
    EXPECT_STREQ(given.get()[0], "one");
    EXPECT_STREQ(given.get()[1], "two");
    EXPECT_EQ(given.get()[2], nullptr);
    EXPECT_EQ(given.size(), 2U);
    EXPECT_EQ(cstrings({"a", "b", "c"}).size(), 3U);
    const char* const there[] = {"one", nullptr};
    EXPECT_EQ(cstrings(there).get(), const_cast<char**>(there));
    EXPECT_FALSE(cstrings({"a\0b"sv}).valid());
    EXPECT_TRUE(optional_cstrings(nullptr).valid());
}

TEST(list_argument, has_a_copy_of_each_string_and_a_reference_to_each_object) {
    const std::list<std::string> words{"one", "two"};
    const list_argument<char, GList> strings(words);
    EXPECT_STREQ(static_cast<char*>(strings.get()->next->data), "two");
    EXPECT_EQ(strings.get()->next->next, nullptr);
    const std::array<ref<GCancellable>, 1> objects{new_object()};
    {
        const list_argument<GObject, GSList> held(objects);
        EXPECT_EQ(held.get()->data, objects[0].get());
        EXPECT_EQ(references(objects[0]), 2U);
    }
    EXPECT_EQ(references(objects[0]), 1U);
    EXPECT_FALSE((list_argument<char, GList>(std::vector{"a\0b"sv}).valid()));
}

TEST(gvariant, takes_over_what_floats_and_borrows_the_rest) {
    auto* floating = g_variant_new_string("text");
    const auto held = ref<GVariant>::retain(g_variant_ref_sink(floating));
    g_variant_unref(floating);
    const gvariant borrowed(held);
    EXPECT_EQ(borrowed.get(), held.get());
    const gvariant taken(g_variant_new_string("text"));
    EXPECT_FALSE(g_variant_is_floating(taken.get()));
    EXPECT_FALSE(gvariant(static_cast<GVariant*>(nullptr)).valid());
    EXPECT_TRUE(optional_gvariant().valid());
}

TEST(buffer_argument, tells_whether_its_size_is_one_of_c) {
    using argument = detail::buffer_argument<std::span<const char>>;
    static const char byte = 0;
    EXPECT_TRUE(argument(std::span(&byte, 127)).fits<gint8>());
    EXPECT_FALSE(argument(std::span(&byte, 128)).fits<gint8>());
    EXPECT_TRUE(argument(std::span(&byte, 128)).fits<gsize>());
}

/// As gawait-gen writes a function that has an `int` for the length of its buffer.
struct write_few {
    using value_type = void;
    static constexpr const char* name = "write_few";

    detail::buffer_argument<std::span<const char>> data_;

    bool valid() const noexcept { return data_.fits<int>(); }
    static void start(GCancellable* /*cancellable*/, GAsyncReadyCallback /*callback*/,
                      gpointer /*data*/) {
        FAIL() << "C was called";
    }
    static void finish(GObject* /*source*/, GAsyncResult* /*result*/, GError** /*error*/) {}
};

TEST(buffer_argument, that_is_longer_than_c_can_say_is_refused_and_c_is_not_called) {
    static const char byte = 0;
    const std::span<const char> longer(&byte, std::size_t(G_MAXINT) + 1);
    try {
        run([](std::span<const char> data) -> task<> {
            co_await detail::typed_operation(write_few{std::span(data)});
        }(longer));
        FAIL() << "it was not refused";
    } catch (const error& refused) {
        EXPECT_TRUE(refused.matches(G_IO_ERROR_INVALID_ARGUMENT));
        EXPECT_TRUE(std::string(refused.message()).starts_with("write_few:"));
    }
}

// Results ----------------------------------------------------------------------------

TEST(unique_array, owns_its_memory_and_is_a_view) {
    unique_array<char> array(g_strdup("text"), 4);
    EXPECT_EQ(std::string_view(array), "text");
    unique_array<char> moved = std::move(array);
    EXPECT_EQ(array.size(), 0U);
    EXPECT_EQ(std::string(moved.begin(), moved.end()), "text");
    g_free(moved.release());
    EXPECT_TRUE(moved.empty());
}

TEST(ptr_array, iterates_over_its_pointers) {
    auto plain = ref<GPtrArray>::adopt(g_ptr_array_new_with_free_func(g_object_unref));
    g_ptr_array_add(plain, new_object().release());
    const ptr_array<GCancellable> array(plain);
    int count = 0;
    for (GCancellable* each : array)
        count += G_IS_CANCELLABLE(each) ? 1 : 0;
    EXPECT_EQ(count, 1);
    EXPECT_TRUE(ptr_array<GObject>().empty());
}

TEST(results, lists_of_each_ownership_own_their_elements) {
    auto object = new_object();
    const auto lend = [&] { return g_list_prepend(nullptr, object.get()); };
    {
        const auto shared_cells = detail::take_cells<GCancellable>(lend());
        EXPECT_EQ(references(object), 2U);
        GList* lent = lend();
        const auto copied = detail::share_list<GCancellable>(lent);
        EXPECT_EQ(references(object), 3U);
        g_list_free(lent);
        const auto given = detail::take_list<GCancellable>(
            g_slist_prepend(nullptr, ref<GCancellable>(object).release()));
        EXPECT_EQ(references(object), 4U);
        EXPECT_EQ(*given.begin(), object.get());
    }
    EXPECT_EQ(references(object), 1U);
}

TEST(results, boxed_types_that_are_lent_are_copied) {
    GValue lent = G_VALUE_INIT;
    g_value_set_int(g_value_init(&lent, G_TYPE_INT), 5);
    const auto copy = detail::copied_boxed(&lent, G_TYPE_VALUE);
    EXPECT_EQ(g_value_get_int(copy), 5);
    EXPECT_EQ(detail::copied_boxed<GValue>(nullptr, G_TYPE_VALUE), nullptr);
}

TEST(results, strings_that_are_lent_are_copied) {
    const char* lent = "text";
    EXPECT_NE(detail::share_string(lent).get(), lent);
    EXPECT_EQ(detail::share_string(nullptr), nullptr);
    const char* const words[] = {"one", nullptr};
    EXPECT_STREQ(detail::share_strings(words).get()[0], "one");
    auto strings = detail::take_list_of_strings(g_list_append(nullptr, g_strdup("one")));
    EXPECT_STREQ(strings.at(0).get(), "one");
}

} // namespace
} // namespace gawait::test
