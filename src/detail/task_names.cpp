#include "detail/task_names.hpp"

#include <array>
#include <string_view>
#include <utility>

namespace gawait::detail {
namespace {

/// The coroutines that the library itself is made of, and as what they are known. Those that only
/// pass on are known as nothing.
constexpr std::array<std::pair<std::string_view, std::string_view>, 11> own_coroutines{{
    {"as_task", ""},
    {"body_of", ""},
    {"kept_call", ""},
    {"named", ""},
    {"for_each_in", "for_each"},
    {"for_each_of", "for_each"},
    {"when_all_in", "when_all"},
    {"when_all_of", "when_all"},
    {"when_any_in", "when_any"},
    {"when_any_of", "when_any"},
    {"with_deadline", "with_timeout"},
}};

std::string known_as(std::string function) {
    constexpr std::string_view library = "gawait::", inner = "detail::";
    std::string_view own = function;
    if (!own.starts_with(library))
        return function;
    own.remove_prefix(library.size());
    if (own.starts_with(inner))
        own.remove_prefix(inner.size());
    own = own.substr(0, own.find_first_of("<("));
    if (own.find(':') != std::string_view::npos)
        return function;
    for (const auto& [name, known] : own_coroutines)
        if (own == name)
            return std::string(known);
    return std::string(own);
}

} // namespace

std::string task_names::of_wait(const pending& entry) {
    const auto& [role, name, details] = entry.of();
    std::string text = name ? name : of_function(entry.begun_by());
    if (details)
        details(entry, text);
    return text;
}

std::string task_names::of_coroutine(const environment& env) {
    return of_coroutine(env, resumed_by(env));
}

std::string task_names::of_coroutine(const environment& env, gconstpointer resumed_by) {
    const std::string function = resumed_by ? known_as(of_function(resumed_by)) : "";
    return env.name ? env.name + (": " + function) : function;
}

} // namespace gawait::detail
