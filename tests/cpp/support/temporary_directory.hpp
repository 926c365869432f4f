#pragma once

#include "gawait/ref.hpp"

#include <gio/gio.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace gawait::test {

/// A directory that is gone, with all that is in it, when this is destroyed.
class temporary_directory {
public:
    temporary_directory() : path_(unique_string(g_dir_make_tmp("gawait-XXXXXX", nullptr)).get()) {}
    temporary_directory(const temporary_directory&) = delete;
    temporary_directory& operator=(const temporary_directory&) = delete;

    ~temporary_directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::filesystem::path& path() const { return path_; }

    /// A file in it, which need not exist.
    ref<GFile> file(std::string_view name) const {
        return ref<GFile>::adopt(g_file_new_for_path((path_ / name).c_str()));
    }

    /// A file in it with this content.
    ref<GFile> file(std::string_view name, std::string_view content) const {
        std::ofstream(path_ / name, std::ios::binary) << content;
        return file(name);
    }

    /// What is in a file.
    std::string read(std::string_view name) const {
        std::ifstream stream(path_ / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

private:
    std::filesystem::path path_;
};

} // namespace gawait::test
