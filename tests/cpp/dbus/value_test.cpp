#include "gawait/dbus/value.hpp"

#include "support/open_descriptors.hpp"
#include "support/variants.hpp"

#include <gtest/gtest.h>

#include <climits>
#include <cmath>
#include <cstdint>
#include <fcntl.h>
#include <limits>
#include <map>
#include <random>
#include <span>
#include <string>
#include <sys/stat.h>
#include <tuple>
#include <type_traits>
#include <unistd.h>
#include <unordered_map>
#include <utility>
#include <vector>

namespace gawait::dbus::test {
namespace {

using gawait::test::parsed;

enum class colour : std::uint8_t { red, green };
enum class direction { up, down }; // of int

struct point {
    std::int32_t x = 0;
    double y = 0;
    friend bool operator==(const point&, const point&) = default;
};

struct named {
    std::string name;
    std::vector<point> points;
    std::map<std::string, variant> options;
    colour paint = colour::red;
    friend bool operator==(const named&, const named&) = default;
};

struct one_member {
    std::string only;
};

struct sixteen {
    int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p;
    friend bool operator==(const sixteen&, const sixteen&) = default;
};

std::string printed(GVariant* value) { return unique_string(g_variant_print(value, TRUE)).get(); }

template <class T> std::string printed_of(const T& value) { return printed(to_variant(value)); }

template <class T> T back(const T& value) { return from_variant<T>(to_variant(value)); }

// Signatures -----------------------------------------------------------------------

static_assert(signature_of<bool>() == "b");
static_assert(signature_of<std::uint8_t>() == "y");
static_assert(signature_of<std::int16_t>() == "n");
static_assert(signature_of<std::uint16_t>() == "q");
static_assert(signature_of<int>() == "i");
static_assert(signature_of<unsigned>() == "u");
static_assert(signature_of<long>() == (sizeof(long) == 8 ? "x" : "i"));
static_assert(signature_of<long long>() == "x");
static_assert(signature_of<unsigned long long>() == "t");
static_assert(signature_of<double>() == "d");
static_assert(signature_of<std::string>() == "s");
static_assert(signature_of<std::string_view>() == "s");
static_assert(signature_of<const char*>() == "s");
static_assert(signature_of<char[5]>() == "s");
static_assert(signature_of<object_path>() == "o");
static_assert(signature_of<signature>() == "g");
static_assert(signature_of<unix_fd>() == "h");
static_assert(signature_of<variant>() == "v");
static_assert(signature_of<colour>() == "y");
static_assert(signature_of<direction>() == "i");
static_assert(signature_of<bytes>() == "ay");
static_assert(signature_of<std::vector<std::byte>>() == "ay");
static_assert(signature_of<std::span<const std::byte>>() == "ay");
static_assert(signature_of<std::vector<std::vector<std::string>>>() == "aas");
static_assert(signature_of<std::array<double, 3>>() == "ad");
static_assert(signature_of<vardict>() == "a{sv}");
static_assert(signature_of<std::unordered_map<int, std::tuple<bool, object_path>>>() == "a{i(bo)}");
static_assert(signature_of<std::pair<int, std::string>>() == "(is)");
static_assert(signature_of<point>() == "(id)");
static_assert(signature_of<named>() == "(sa(id)a{sv}y)");
static_assert(signature_of<one_member>() == "(s)");
static_assert(signature_of<sixteen>() == "(iiiiiiiiiiiiiiii)");

static_assert(!representable<std::optional<int>>);
static_assert(!representable<float>);
static_assert(!representable<char>);
static_assert(!representable<std::int8_t>);
static_assert(!representable<int*>);
static_assert(!representable<GVariant*>);

// Values ---------------------------------------------------------------------------

TEST(dbus_value, numbers_keep_their_limits) {
    EXPECT_EQ(printed_of(true), "true");
    EXPECT_EQ(printed_of(std::uint8_t(255)), "byte 0xff");
    EXPECT_EQ(printed_of(std::numeric_limits<std::int64_t>::min()), "int64 -9223372036854775808");
    EXPECT_EQ(back(std::numeric_limits<std::uint64_t>::max()),
              std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(back(INT_MIN), INT_MIN);
    EXPECT_EQ(back(std::int16_t(-32768)), -32768);
    EXPECT_EQ(back(0.1), 0.1);
    EXPECT_TRUE(std::isnan(back(std::nan(""))));
}

TEST(dbus_value, an_enumeration_is_the_number_underneath) {
    EXPECT_EQ(printed_of(colour::green), "byte 0x01");
    EXPECT_EQ(back(direction::down), direction::down);
}

TEST(dbus_value, strings_are_taken_of_any_kind) {
    EXPECT_EQ(printed_of("literal"), "'literal'");
    EXPECT_EQ(printed_of(std::string_view("part of", 4)), "'part'");
    EXPECT_EQ(printed_of(std::string_view()), "''");
    EXPECT_EQ(back(std::string("\xc3\xa4")), "\xc3\xa4");
}

TEST(dbus_value, a_string_that_d_bus_does_not_allow_is_refused) {
    EXPECT_THROW(to_variant(std::string("\xff")), value_error);
    EXPECT_THROW(to_variant(std::string("a\0b", 3)), value_error);
    EXPECT_THROW(to_variant(static_cast<const char*>(nullptr)), value_error);
    EXPECT_THROW(object_path("no/slash"), value_error);
    EXPECT_THROW(object_path(""), value_error);
    EXPECT_THROW(object_path(std::string("/a\0b", 4)), value_error);
    EXPECT_THROW(signature("m"), value_error);
    try {
        to_variant(std::string("a\0b", 3));
    } catch (const value_error& refused) {
        EXPECT_STREQ(refused.what(), "a string with a NUL within: 'a\xef\xbf\xbd"
                                     "b'");
        EXPECT_TRUE(refused.matches(G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS));
    }
}

TEST(dbus_value, what_was_made_of_a_container_that_is_refused_is_freed) {
    const std::vector<std::string> strings{"fine", "\xff"};
    EXPECT_THROW(to_variant(strings), value_error);
    EXPECT_THROW(to_variant(std::tuple(1, strings)), value_error);
    EXPECT_THROW(to_variant(std::map<int, std::string>{{1, "\xff"}}), value_error);
}

TEST(dbus_value, paths_and_signatures_are_types_of_their_own) {
    EXPECT_EQ(printed_of(object_path("/a/b")), "objectpath '/a/b'");
    EXPECT_EQ(printed_of(signature("a{sv}")), "signature 'a{sv}'");
    EXPECT_EQ(back(object_path("/a")), object_path("/a"));
    EXPECT_EQ(back(signature()), signature());
    EXPECT_EQ(object_path().str(), "/");
}

TEST(dbus_value, arrays_of_numbers_are_copied_whole) {
    const std::vector<double> numbers{1, 2.5, -3};
    EXPECT_EQ(printed_of(numbers), "[1.0, 2.5, -3.0]");
    EXPECT_EQ(back(numbers), numbers);
    EXPECT_EQ(printed_of(std::span(numbers).first(1)), "[1.0]");
    EXPECT_EQ(printed_of(std::vector<int>()), "@ai []");
    EXPECT_EQ(back(bytes{0, 1, 255}), (bytes{0, 1, 255}));
    EXPECT_EQ(back(std::vector<colour>{colour::green}), std::vector{colour::green});
    const std::array<std::byte, 2> raw{std::byte(1), std::byte(2)};
    EXPECT_EQ(printed_of(std::span(raw)), "[byte 0x01, 0x02]");
}

TEST(dbus_value, arrays_of_anything_are_copied) {
    const std::vector<std::string> strings{"a", "", "c"};
    EXPECT_EQ(printed_of(strings), "['a', '', 'c']");
    EXPECT_EQ(back(strings), strings);
    EXPECT_EQ(back(std::vector<bool>{true, false}), (std::vector<bool>{true, false}));
    EXPECT_EQ(printed_of(std::vector<std::string>()), "@as []");
}

TEST(dbus_value, an_array_of_a_fixed_size_refuses_another) {
    EXPECT_EQ(back(std::array<int, 2>{1, 2}), (std::array<int, 2>{1, 2}));
    EXPECT_EQ(printed_of(std::array<std::string, 2>{"a", "b"}), "['a', 'b']");
    EXPECT_THROW((from_variant<std::array<int, 2>>(parsed("[1]"))), value_error);
}

TEST(dbus_value, dictionaries_may_be_ordered_or_not) {
    const std::map<std::string, int> ordered{{"a", 1}, {"b", 2}};
    EXPECT_EQ(printed_of(ordered), "{'a': 1, 'b': 2}");
    EXPECT_EQ(back(ordered), ordered);
    const std::unordered_map<int, std::vector<std::string>> unordered{{1, {"x"}}, {2, {}}};
    EXPECT_EQ(back(unordered), unordered);
    EXPECT_EQ(printed_of(std::map<int, bool>()), "@a{ib} {}");
}

TEST(dbus_value, structures_are_tuples_pairs_and_aggregates) {
    EXPECT_EQ(printed_of(std::tuple(1, "a", true)), "(1, 'a', true)");
    EXPECT_EQ(printed_of(std::pair(1u, 2.0)), "(uint32 1, 2.0)");
    EXPECT_EQ(printed_of(point{1, 2}), "(1, 2.0)");
    const named value{"n", {{1, 2}, {3, 4}}, {{"k", 5}}, colour::green};
    EXPECT_EQ(printed_of(value), "('n', [(1, 2.0), (3, 4.0)], {'k': <5>}, byte 0x01)");
    EXPECT_EQ(back(value), value);
    const sixteen many{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    EXPECT_EQ(back(many), many);
    EXPECT_EQ(back(one_member{"x"}).only, "x");
}

// Variants -------------------------------------------------------------------------

TEST(dbus_value, a_variant_holds_anything) {
    const vardict options{{"number", 1}, {"text", "a"}, {"list", std::vector<int>{1}}};
    EXPECT_EQ(printed_of(options), "{'list': <[1]>, 'number': <1>, 'text': <'a'>}");
    auto read = back(options);
    EXPECT_EQ(read, options);
    EXPECT_EQ(read["number"].get<int>(), 1);
    EXPECT_EQ(read["text"].type_string(), "s");
    EXPECT_TRUE(read["list"].holds<std::vector<int>>());
    EXPECT_FALSE(read["list"].holds<std::vector<unsigned>>());
}

TEST(dbus_value, a_variant_of_another_type_names_both) {
    const variant holds("text");
    try {
        holds.get<int>();
        FAIL();
    } catch (const type_error& wrong) {
        EXPECT_EQ(wrong.expected(), "i");
        EXPECT_EQ(wrong.found(), "s");
        EXPECT_EQ(wrong.path(), "");
        EXPECT_STREQ(wrong.what(), "expected a value of type 'i', found 's'");
        EXPECT_TRUE(wrong.matches(G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS));
    }
}

template <class T> std::string path_to_difference(const char* text) {
    try {
        from_variant<T>(parsed(text));
    } catch (const type_error& wrong) {
        return wrong.path();
    }
    return "none";
}

TEST(dbus_value, another_type_is_found_within) {
    EXPECT_EQ((path_to_difference<std::tuple<int, std::string>>("(1, 2)")), "1");
    EXPECT_EQ((path_to_difference<std::tuple<int, std::string>>("(1, 'a', 2)")), "2");
    EXPECT_EQ((path_to_difference<std::tuple<int, std::string>>("(1,)")), "1");
    EXPECT_EQ((path_to_difference<std::vector<point>>("[(1, 'a')]")), "[].1");
    EXPECT_EQ(
        (path_to_difference<std::tuple<int, std::map<std::string, unsigned>>>("(1, {'a': 1})")),
        "1[].value");
    EXPECT_EQ((path_to_difference<std::map<int, int>>("{'a': 1}")), "[].key");
    EXPECT_EQ((path_to_difference<std::map<int, int>>("[1]")), "");
    EXPECT_EQ((path_to_difference<int>("1")), "none");
}

TEST(dbus_value, nothing_is_no_value_of_any_type) {
    const variant nothing;
    EXPECT_EQ(nothing, variant());
    EXPECT_EQ(nothing.type_string(), "");
    EXPECT_THROW(nothing.get<int>(), type_error);
    EXPECT_THROW(to_variant(nothing), value_error);
    EXPECT_THROW(from_variant<int>(nullptr), type_error);
}

TEST(dbus_value, a_variant_of_gvariant_is_taken_unless_d_bus_has_no_such_type) {
    EXPECT_EQ((variant(parsed("(1, 'a')")).get<std::pair<int, std::string>>().second), "a");
    EXPECT_EQ(variant(ref<GVariant>::adopt(g_variant_new_int32(3))).get<int>(), 3); // floating
    EXPECT_THROW(variant(parsed("just 1")), value_error);
    EXPECT_THROW(variant(parsed("[<@mi nothing>]")), value_error);
    EXPECT_THROW(variant(ref<GVariant>()), value_error);
}

TEST(dbus_value, a_variant_may_hold_a_variant) {
    const auto nested = parsed("<<1>>");
    const auto outer = from_variant<variant>(nested);
    EXPECT_EQ(outer.get<variant>().get<int>(), 1);
    EXPECT_EQ(printed_of(outer), "<<1>>");
}

// Descriptors ----------------------------------------------------------------------

ino_t inode_of(int fd) {
    struct stat status{};
    EXPECT_EQ(fstat(fd, &status), 0);
    return status.st_ino;
}

TEST(dbus_value, descriptors_are_duplicated_each_way) {
    const auto before = gawait::test::open_descriptors();
    {
        const unix_fd sent(open("/dev/null", O_RDONLY | O_CLOEXEC));
        ref<GUnixFDList> descriptors;
        const auto value = to_variant(std::tuple(7, sent.get()), descriptors);
        EXPECT_EQ(descriptors, nullptr); // a number is none
        const auto handle = to_variant(sent, descriptors);
        ASSERT_NE(descriptors, nullptr);
        const auto received = from_variant<unix_fd>(handle, descriptors);
        EXPECT_NE(received.get(), sent.get());
        EXPECT_EQ(inode_of(received.get()), inode_of(sent.get()));
    }
    EXPECT_EQ(gawait::test::open_descriptors(), before);
}

TEST(dbus_value, a_descriptor_that_is_not_there_is_refused) {
    EXPECT_THROW(to_variant(unix_fd()), value_error);
    const unix_fd sent(open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_THROW(to_variant(sent), value_error); // without a list
    EXPECT_THROW(from_variant<unix_fd>(parsed("handle 0")), value_error);
    ref<GUnixFDList> descriptors;
    to_variant(sent, descriptors);
    EXPECT_THROW(from_variant<unix_fd>(parsed("handle 1"), descriptors), value_error);
    EXPECT_THROW(from_variant<unix_fd>(parsed("handle -1"), descriptors), value_error);
}

TEST(dbus_value, a_variant_brings_its_descriptors_along) {
    const unix_fd null(open("/dev/null", O_RDONLY | O_CLOEXEC));
    const unix_fd zero(open("/dev/zero", O_RDONLY | O_CLOEXEC));
    std::vector<unix_fd> both;
    both.emplace_back(dup(null.get()));
    both.emplace_back(dup(zero.get()));
    const vardict options{{"both", both}, {"one", zero}, {"text", "none"}};

    ref<GUnixFDList> descriptors;
    const auto value = to_variant(std::tie(null, options), descriptors);
    EXPECT_EQ(printed(value), "(handle 0, {'both': <[handle 1, 2]>, 'one': <handle 3>, "
                              "'text': <'none'>})");
    EXPECT_EQ(g_unix_fd_list_get_length(descriptors), 4);
    auto [first, rest] = from_variant<std::tuple<unix_fd, vardict>>(value, descriptors);
    EXPECT_EQ(inode_of(first.get()), inode_of(null.get()));
    EXPECT_EQ(inode_of(rest["one"].get<unix_fd>().get()), inode_of(zero.get()));
    EXPECT_EQ(inode_of(rest["both"].get<std::vector<unix_fd>>()[1].get()), inode_of(zero.get()));
    // What was received can be sent on, with other numbers.
    ref<GUnixFDList> onward;
    EXPECT_EQ(printed(to_variant(rest["one"], onward)), "<handle 0>");
}

// Random values --------------------------------------------------------------------

class random_values {
public:
    explicit random_values(unsigned seed) : random_(seed) {}

    template <class T> T make();

private:
    template <class T> T between(T low, T high) {
        return std::uniform_int_distribution<T>(low, high)(random_);
    }

    std::string text() {
        std::string made;
        for (int left = between(0, 8); left > 0; --left) {
            char encoded[6];
            const auto character = gunichar(between(0, 9) ? between(1, 127) : between(128, 0xd7ff));
            made.append(encoded, std::size_t(g_unichar_to_utf8(character, encoded)));
        }
        return made;
    }

    template <class T> struct maker;

    std::mt19937 random_;
};

template <class T> struct random_values::maker {
    static T make(random_values& of) {
        if constexpr (std::is_same_v<T, bool>)
            return of.between(0, 1);
        else if constexpr (std::is_same_v<T, std::uint8_t>)
            return T(of.between(0, 255));
        else if constexpr (std::is_same_v<T, double>)
            return std::ldexp(of.between(-1000000, 1000000), of.between(-100, 100));
        else
            return of.between(std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
    }
};
template <> struct random_values::maker<std::string> {
    static std::string make(random_values& of) { return of.text(); }
};
template <> struct random_values::maker<object_path> {
    static object_path make(random_values& of) {
        std::string path;
        for (int left = of.between(1, 3); left > 0; --left)
            path += "/part" + std::to_string(of.between(0, 9));
        return object_path(path);
    }
};
template <> struct random_values::maker<variant> {
    static variant make(random_values& of) {
        switch (of.between(0, 4)) {
        case 0:
            return of.make<std::int32_t>();
        case 1:
            return of.make<std::string>();
        case 2:
            return of.make<std::vector<std::uint8_t>>();
        case 3:
            return of.make<std::tuple<bool, double, object_path>>();
        default:
            return of.make<std::map<std::string, std::uint64_t>>();
        }
    }
};
template <class E> struct random_values::maker<std::vector<E>> {
    static std::vector<E> make(random_values& of) {
        std::vector<E> made;
        for (int left = of.between(0, 5); left > 0; --left)
            made.push_back(of.make<E>());
        return made;
    }
};
template <class K, class V> struct random_values::maker<std::map<K, V>> {
    static std::map<K, V> make(random_values& of) {
        std::map<K, V> made;
        for (int left = of.between(0, 5); left > 0; --left)
            made.insert_or_assign(of.make<K>(), of.make<V>());
        return made;
    }
};
template <class... E> struct random_values::maker<std::tuple<E...>> {
    static std::tuple<E...> make(random_values& of) { return std::tuple<E...>{of.make<E>()...}; }
};
template <> struct random_values::maker<point> {
    static point make(random_values& of) { return {of.make<std::int32_t>(), of.make<double>()}; }
};

template <class T> T random_values::make() { return maker<T>::make(*this); }

/// As C++ has it, so GLib prints, reads and compares it.
template <class T> void round_trip(random_values& values) {
    const T original = values.make<T>();
    const auto made = to_variant(original);
    ASSERT_EQ(g_variant_get_type_string(made), signature_of<T>());
    ASSERT_TRUE(g_variant_is_normal_form(made));
    ASSERT_EQ(from_variant<T>(made), original);
    GError* failure = nullptr;
    const auto read = ref<GVariant>::adopt(
        g_variant_parse(type_of<T>(), printed(made).c_str(), nullptr, nullptr, &failure));
    ASSERT_EQ(failure, nullptr) << failure->message << ": " << printed(made);
    ASSERT_TRUE(g_variant_equal(read, made)) << printed(made);
    ASSERT_EQ(from_variant<T>(read), original) << printed(made);
    // As it comes out of a message: in one piece of memory.
    const auto serialised = ref<GVariant>::adopt(g_variant_ref_sink(g_variant_new_from_bytes(
        type_of<T>(), ref<GBytes>::adopt(g_variant_get_data_as_bytes(made)), FALSE)));
    ASSERT_EQ(from_variant<T>(serialised), original) << printed(made);
}

TEST(dbus_value, random_values_come_back_as_they_were) {
    random_values values(20261127);
    for (int round = 0; round < 2000 && !HasFatalFailure(); ++round) {
        round_trip<bool>(values);
        round_trip<std::uint8_t>(values);
        round_trip<std::int16_t>(values);
        round_trip<std::uint16_t>(values);
        round_trip<std::int32_t>(values);
        round_trip<std::uint32_t>(values);
        round_trip<std::int64_t>(values);
        round_trip<std::uint64_t>(values);
        round_trip<double>(values);
        round_trip<std::string>(values);
        round_trip<variant>(values);
        round_trip<std::vector<std::uint16_t>>(values);
        round_trip<std::vector<bool>>(values);
        round_trip<std::vector<std::vector<std::string>>>(values);
        round_trip<std::vector<point>>(values);
        round_trip<vardict>(values);
        round_trip<std::map<object_path, std::map<std::string, vardict>>>(values);
        round_trip<
            std::tuple<std::uint8_t, std::uint64_t, bool, std::vector<variant>, std::string>>(
            values);
        round_trip<std::map<std::uint8_t, std::tuple<double, std::vector<std::int64_t>>>>(values);
    }
}

} // namespace
} // namespace gawait::dbus::test
