#pragma once

#include <elf.h>
#include <glib.h>
#include <link.h>

#include <map>
#include <string>
#include <vector>

namespace gawait::detail {

/// The names of functions in the files that the program is made of, also of those that are not
/// exported: unless the file was stripped, it has a table of them.
class symbols {
public:
    /// The function at an address, as in C++ but without its parameters; if that is not known,
    /// its place in its file.
    std::string name_of(gconstpointer function);

private:
    struct table {
        std::vector<ElfW(Sym)> symbols;
        std::string names;
    };

    static table read(const char* file);
    const char* find(const link_map& file, gconstpointer function);

    std::map<std::string, table> tables_;
};

} // namespace gawait::detail
