#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace gawait::test {

/// How many descriptors this process has registered with the kernel's epoll sets, among them two of
/// each engine's own.
inline int registrations() {
    int count = 0;
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
        std::ifstream lines(each.path());
        for (std::string line; std::getline(lines, line);)
            count += line.starts_with("tfd:");
    }
    return count;
}

} // namespace gawait::test
