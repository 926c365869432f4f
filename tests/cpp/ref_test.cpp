#include "gawait/ref.hpp"

#include <gtest/gtest.h>

#include <any>
#include <string>
#include <type_traits>
#include <vector>

using namespace gawait;

namespace {

/// A new object that a weak reference can tell the end of.
ref<GCancellable> new_object() { return ref<GCancellable>::adopt(g_cancellable_new()); }

int references(GCancellable* object) { return int(G_OBJECT(object)->ref_count); }

/// A reference-counted type of another library.
struct foreign {
    int count = 1;
};

void foreign_ref(foreign* object) { ++object->count; }
void foreign_unref(foreign* object) { --object->count; }

} // namespace

template <>
struct gawait::ref_traits<foreign> : gawait::ref_functions<foreign, foreign_ref, foreign_unref> {};

namespace {

struct rgba {
    double red;
};

struct holder_of_an_object {
    GObject* object;
};

struct holder_of_anything {
    std::any thing;
};

struct hidden;

/// What a class that derives from GIO's looks like to the compiler.
struct own_stream {
    GFilterInputStream any_name;
    std::string text;
};

} // namespace

TEST(ref_traits, know_gobjects_by_the_structure_that_they_begin_with) {
    static_assert(gobject<GObject>);
    static_assert(gobject<GInputStream> && gobject<GFileInputStream> && gobject<GApplication>);
    static_assert(gobject<own_stream>);
    static_assert(!gobject<rgba> && !gobject<holder_of_an_object> && !gobject<holder_of_anything>);
    static_assert(!gobject<GValue> && !gobject<GTypeInstance> && !gobject<char>);
}

TEST(ref_traits, know_the_interfaces_and_hidden_structures_of_gio) {
    static_assert(gobject<GFile> && gobject<GAsyncResult> && gobject<GListModel>);
    static_assert(gobject<GTask> && gobject<GDBusConnection> && gobject<GSimpleAction>);
    static_assert(!gobject<hidden>);
    static_assert(!gobject<GBytes> && !gobject<GParamSpec> && !gobject<foreign>);
}

TEST(ref_traits, may_free_what_is_not_counted) {
    auto spec = ref<GPatternSpec>::adopt(g_pattern_spec_new("*.txt"));
    EXPECT_TRUE(g_pattern_spec_match_string(spec, "a.txt"));
    const auto moved = std::move(spec);
    EXPECT_FALSE(spec);
    EXPECT_TRUE(moved);
}

TEST(ref, adopt_takes_a_reference_over) {
    GCancellable* object = g_cancellable_new();
    const auto owner = ref<GCancellable>::adopt(object);
    EXPECT_EQ(owner.get(), object);
    EXPECT_EQ(references(object), 1);
}

TEST(ref, adopt_knows_the_type_of_the_pointer) {
    const auto object = adopt(g_cancellable_new());
    static_assert(std::is_same_v<decltype(object), const ref<GCancellable>>);
    EXPECT_EQ(references(object), 1);
    EXPECT_EQ(adopt(static_cast<GBytes*>(nullptr)), nullptr);
}

TEST(ref, retain_takes_a_reference_of_its_own) {
    const auto owner = new_object();
    {
        const auto second = ref<GCancellable>::retain(owner);
        EXPECT_EQ(references(owner), 2);
    }
    EXPECT_EQ(references(owner), 1);
}

TEST(ref, of_null_is_empty) {
    EXPECT_FALSE(ref<GCancellable>::adopt(nullptr));
    EXPECT_FALSE(ref<GCancellable>::retain(nullptr));
    EXPECT_FALSE(ref<GCancellable>(nullptr));
    EXPECT_FALSE(ref<GCancellable>());
}

TEST(ref, drops_its_reference_with_itself) {
    auto owner = new_object();
    weak_ref<GCancellable> watch(owner);
    EXPECT_TRUE(watch.lock());
    owner = nullptr;
    EXPECT_FALSE(watch.lock());
}

TEST(ref, copied_refers_to_the_same_object) {
    const auto owner = new_object();
    const ref<GCancellable> copy = owner; // NOLINT: the copy is what is tested
    EXPECT_EQ(copy.get(), owner.get());
    EXPECT_EQ(references(owner), 2);
}

TEST(ref, moved_from_is_empty) {
    auto from = new_object();
    const auto to = std::move(from);
    EXPECT_FALSE(from);
    EXPECT_EQ(references(to), 1);
}

TEST(ref, assigned_to_drops_the_reference_it_held) {
    auto object = new_object();
    weak_ref<GCancellable> first(object);
    object = new_object();
    EXPECT_FALSE(first.lock());
    const auto& same = object;
    object = same;
    EXPECT_EQ(references(object), 1);
}

TEST(ref, released_leaves_the_reference_to_the_caller) {
    auto owner = new_object();
    GCancellable* released = owner.release();
    EXPECT_FALSE(owner);
    EXPECT_EQ(references(released), 1);
    g_object_unref(released);
}

TEST(ref, converts_to_the_pointer_that_c_functions_take) {
    const auto owner = new_object();
    g_cancellable_cancel(owner);
    EXPECT_TRUE(g_cancellable_is_cancelled(owner));
    EXPECT_EQ(owner->parent_instance.ref_count, 1U);
}

TEST(ref, owns_other_reference_counted_types_of_glib) {
    auto bytes = ref<GBytes>::adopt(g_bytes_new_static("text", 4));
    const auto same_bytes = bytes;
    bytes = nullptr;
    EXPECT_EQ(g_bytes_get_size(same_bytes), 4U);

    auto variant = ref<GVariant>::adopt(g_variant_ref_sink(g_variant_new_string("text")));
    const auto same_variant = variant;
    variant = nullptr;
    EXPECT_STREQ(g_variant_get_string(same_variant, nullptr), "text");

    auto table = ref<GHashTable>::adopt(g_hash_table_new(nullptr, nullptr));
    const auto same_table = table;
    table = nullptr;
    EXPECT_EQ(g_hash_table_size(same_table), 0U);
}

TEST(ref, owns_types_of_other_libraries_that_say_how) {
    foreign object;
    {
        const auto owner = ref<foreign>::adopt(&object);
        const auto second = owner;
        EXPECT_EQ(object.count, 2);
    }
    EXPECT_EQ(object.count, 0);
}

TEST(weak_ref, gives_a_reference_while_the_object_lives) {
    auto owner = new_object();
    weak_ref<GCancellable> watch(owner);
    EXPECT_EQ(references(owner), 1);
    {
        const auto locked = watch.lock();
        EXPECT_EQ(locked.get(), owner.get());
        EXPECT_EQ(references(owner), 2);
    }
    owner = nullptr;
    EXPECT_FALSE(watch.lock());
}

TEST(weak_ref, of_null_gives_nothing) { EXPECT_FALSE(weak_ref<GCancellable>(nullptr).lock()); }

TEST(unique_string, owns_a_string_of_glib) {
    const unique_string text(g_strdup("text"));
    EXPECT_STREQ(text.get(), "text");
}

TEST(unique_strv, owns_an_array_of_strings) {
    const unique_strv words(g_strsplit("a,b", ",", -1));
    EXPECT_STREQ(words.get()[1], "b");
}

TEST(list, made_by_default_is_empty) {
    const list<GCancellable> none;
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(none.size(), 0U);
    EXPECT_EQ(none.begin(), none.end());
}

TEST(list, owns_its_elements) {
    const auto first = new_object();
    const auto second = new_object();
    {
        GList* elements = g_list_append(nullptr, g_object_ref(first.get()));
        elements = g_list_append(elements, g_object_ref(second.get()));
        const list<GCancellable> owner(elements);
        EXPECT_EQ(owner.size(), 2U);
        EXPECT_EQ(owner.get(), elements);
        EXPECT_EQ(references(first), 2);
        EXPECT_EQ(std::vector(owner.begin(), owner.end()),
                  (std::vector<GCancellable*>{first, second}));
    }
    EXPECT_EQ(references(first), 1);
    EXPECT_EQ(references(second), 1);
}

TEST(list, moved_from_is_empty) {
    const auto object = new_object();
    list<GCancellable> from(g_list_append(nullptr, g_object_ref(object.get())));
    list<GCancellable> to = std::move(from);
    EXPECT_TRUE(from.empty());
    EXPECT_EQ(to.size(), 1U);
    to = list<GCancellable>();
    EXPECT_EQ(references(object), 1);
}
