#include "dbus/signature.hpp"

#include <glib.h>

#include <array>
#include <cstring>

namespace gawait::python {
namespace {

constexpr std::size_t longest = 255;
constexpr int deepest = 32;
constexpr const char* no_type = "is not a D-Bus type";

/// Whether it is types one behind the other. GVariant has more types, and takes empty structures
/// and lonely entries of dictionaries.
bool are_types(const char* signature) noexcept {
    if (std::strspn(signature, "ybnqiuxthdsogva(){}") != std::strlen(signature) ||
        std::strstr(signature, "()"))
        return false;
    for (const char* entry = signature; (entry = std::strchr(entry, '{')); ++entry)
        if (entry == signature || entry[-1] != 'a')
            return false;
    while (*signature)
        if (!g_variant_type_string_scan(signature, nullptr, &signature))
            return false;
    return true;
}

/// Of valid types: how deep arrays and structures are in one another.
class nesting {
public:
    explicit nesting(const char* signature) noexcept {
        for (; *signature; ++signature)
            look_at(*signature);
    }

    int most_arrays = 0;
    int most_structures = 0;

private:
    void look_at(char letter) noexcept {
        switch (letter) {
        case 'a':
            most_arrays = std::max(most_arrays, ++arrays_);
            break;
        case '(':
            most_structures = std::max(most_structures, ++structures_);
            [[fallthrough]];
        case '{':
            around_[++open_] = arrays_;
            break;
        case ')':
            --structures_;
            [[fallthrough]];
        case '}':
            --open_;
            [[fallthrough]];
        default:
            arrays_ = around_[open_];
        }
    }

    int arrays_ = 0;
    int structures_ = 0;
    std::size_t open_ = 0;
    std::array<int, longest + 1> around_{}; // arrays around each of the open
};

} // namespace

const char* fault_of_signature(const char* signature) noexcept {
    return g_variant_type_string_is_valid(signature) ? fault_of_types(signature) : no_type;
}

const char* fault_of_types(const char* signature) noexcept {
    if (!are_types(signature))
        return no_type;
    if (std::strlen(signature) > longest)
        return "is longer than the 255 bytes of a signature on D-Bus";
    const nesting depth(signature);
    if (depth.most_arrays > deepest)
        return "has more than the 32 arrays in one another that D-Bus allows";
    if (depth.most_structures > deepest)
        return "has more than the 32 structures in one another that D-Bus allows";
    return nullptr;
}

} // namespace gawait::python
