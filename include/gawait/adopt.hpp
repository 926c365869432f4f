#pragma once

#include "gawait/ref.hpp"

#include <type_traits>

namespace gawait {

/// What the library makes of a value that a C function gives to its caller: the C++
/// type that owns it. `type` is that type, `from()` makes it.
///
/// | C type                          | becomes                                     |
/// | ------------------------------- | ------------------------------------------- |
/// | numbers, enumerations, `void*`  | the same                                    |
/// | pointer to const                | the same, borrowed                          |
/// | `char*`                         | `unique_string`                             |
/// | `char**`                        | `unique_strv`                               |
/// | pointer to another number       | `unique_g_ptr` (an array, say)              |
/// | pointer to a struct             | `ref`, by its `ref_traits`, which must know |
/// | `GList*`, `GSList*`             | must be said, since C does not tell of what |
template <class C> struct adopted {
    using type = C;
    static type from(C value) noexcept { return value; }
};

template <class C>
    requires(std::is_class_v<C> && !std::is_const_v<C>)
struct adopted<C*> {
    using type = ref<C>;
    static type from(C* value) noexcept { return type::adopt(value); }
};

template <class C>
    requires(std::is_arithmetic_v<C> && !std::is_const_v<C>)
struct adopted<C*> {
    using type = unique_g_ptr<C>;
    static type from(C* value) noexcept { return type(value); }
};

template <> struct adopted<char**> {
    using type = unique_strv;
    static type from(char** value) noexcept { return type(value); }
};

template <> struct adopted<GList*>;
template <> struct adopted<GSList*>;

template <class C> using adopted_t = typename adopted<C>::type;

} // namespace gawait
