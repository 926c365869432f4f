#include "detail/symbols.hpp"

#include "gawait/ref.hpp"

#include <cxxabi.h>
#include <dlfcn.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string_view>
#include <system_error>

namespace gawait::detail {
namespace {

/// @param size of all; more than a file has is nothing.
template <class Container>
bool read_at(std::ifstream& file, ElfW(Off) offset, std::size_t size, Container& into) {
    file.seekg(0, std::ios::end);
    if (!file || size > std::size_t(file.tellg()))
        return false;
    into.resize(size / sizeof(into[0]));
    file.seekg(std::streamoff(offset));
    return bool(file.read(reinterpret_cast<char*>(into.data()), std::streamsize(size)));
}

/// Of the function that resumes a coroutine, the mangled name of the coroutine: clang adds a suffix
/// to that, g++ a parameter which is named after it, and suffixes.
std::string_view without_additions(std::string_view symbol) {
    if (const auto coroutine = symbol.rfind("_Z"); coroutine != std::string_view::npos)
        symbol.remove_prefix(coroutine);
    return symbol.substr(0, symbol.find('.'));
}

/// The names that a mangled one begins with, which suffice where the rest is newer than this
/// libstdc++: clang 19 writes constraints of templates into it.
std::string leading_names(std::string_view mangled) {
    if (!mangled.starts_with("_Z"))
        return std::string(mangled); // of C
    std::string names;
    std::string_view rest = mangled.substr(mangled.starts_with("_ZN") ? 3 : 2);
    for (std::size_t length = 0;; rest.remove_prefix(length)) {
        const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), length);
        rest.remove_prefix(std::size_t(end - rest.data()));
        if (failure != std::errc() || length > rest.size())
            break;
        names.append(names.empty() ? "" : "::").append(rest.substr(0, length));
    }
    return names.empty() ? std::string(mangled) : names;
}

std::string demangled(const char* symbol) {
    const std::string mangled(without_additions(symbol));
    const std::unique_ptr<char, decltype(&free)> name(
        abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, nullptr), free);
    return name ? name.get() : leading_names(mangled);
}

/// Calls `function(character, depth)` from the end, until that returns true, with how many
/// brackets it is within.
///
/// @return where, or npos.
template <class Function> std::size_t find_from_end(std::string_view text, Function function) {
    int depth = 0;
    for (std::size_t at = text.size(); at-- > 0;) {
        const char character = text[at];
        if (std::strchr("([{<", character))
            --depth;
        if (function(character, depth))
            return at;
        if (std::strchr(")]}>", character))
            ++depth;
    }
    return std::string_view::npos;
}

/// Without its parameters, what a template returns, and namespaces that have no name.
std::string short_name(std::string_view name) {
    if (const auto end = name.rfind(')'); end != std::string_view::npos) {
        const std::string_view head = name.substr(0, end + 1);
        const auto parameters =
            find_from_end(head, [](char at, int depth) { return at == '(' && depth == 0; });
        if (parameters != std::string_view::npos && parameters > 0)
            name = head.substr(0, parameters);
    }
    const auto returned =
        find_from_end(name, [](char at, int depth) { return at == ' ' && depth == 0; });
    if (returned != std::string_view::npos)
        name.remove_prefix(returned + 1);
    constexpr std::string_view unnamed = "(anonymous namespace)::";
    std::string shortened(name);
    for (std::size_t at = 0; (at = shortened.find(unnamed, at)) != std::string::npos;)
        shortened.erase(at, unnamed.size());
    return shortened;
}

} // namespace

std::string symbols::name_of(gconstpointer function) {
    Dl_info found{};
    void* extra = nullptr;
    if (!dladdr1(function, &found, &extra, RTLD_DL_LINKMAP)) {
        return unique_string(g_strdup_printf("%p", function)).get();
    }
    const link_map& file = *static_cast<const link_map*>(extra);
    if (found.dli_sname && found.dli_saddr == function)
        return short_name(demangled(found.dli_sname));
    if (const char* const symbol = find(file, function))
        return short_name(demangled(symbol));
    const unique_string base(g_path_get_basename(found.dli_fname));
    return unique_string(g_strdup_printf("%s+0x%zx", base.get(),
                                         reinterpret_cast<std::size_t>(function) - file.l_addr))
        .get();
}

const char* symbols::find(const link_map& file, gconstpointer function) {
    // The program itself has no name there.
    const char* const path = file.l_name[0] ? file.l_name : "/proc/self/exe";
    auto known = tables_.find(path);
    if (known == tables_.end())
        known = tables_.emplace(path, read(path)).first;
    const auto& [all, names] = known->second;
    const auto address = reinterpret_cast<ElfW(Addr)>(function) - file.l_addr;
    const auto is_it = [&](const ElfW(Sym) & each) {
        return ELF64_ST_TYPE(each.st_info) == STT_FUNC && each.st_value == address &&
               each.st_name < names.size();
    };
    const auto found = std::ranges::find_if(all, is_it);
    return found == all.end() ? nullptr : names.c_str() + found->st_name;
}

symbols::table symbols::read(const char* path) {
    std::ifstream file(path, std::ios::binary);
    std::vector<ElfW(Ehdr)> header;
    std::vector<ElfW(Shdr)> sections;
    table read;
    if (!read_at(file, 0, sizeof(ElfW(Ehdr)), header) ||
        std::memcmp(header[0].e_ident, ELFMAG, SELFMAG) != 0 ||
        header[0].e_shentsize != sizeof(ElfW(Shdr)) ||
        !read_at(file, header[0].e_shoff, header[0].e_shnum * sizeof(ElfW(Shdr)), sections))
        return {};
    const auto symbols = std::ranges::find(sections, ElfW(Word){SHT_SYMTAB}, &ElfW(Shdr)::sh_type);
    if (symbols == sections.end() || symbols->sh_link >= sections.size() ||
        !read_at(file, symbols->sh_offset, symbols->sh_size, read.symbols))
        return {};
    const auto& names = sections[symbols->sh_link];
    if (!read_at(file, names.sh_offset, names.sh_size, read.names))
        return {};
    return read;
}

} // namespace gawait::detail
