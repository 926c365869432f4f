#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace gawait::benchmarks {

/// One way to have operations run one after another, each begun when the one before has
/// called back.
struct chain {
    std::string_view name;

    /// Runs so many operations on the default main context.
    void (*run)(std::size_t operations);

    /// Whether an engine has to be attached to the context meanwhile.
    bool beside_engine;
};

/// All ways that were built, raw callbacks first.
std::span<const chain> chains();

} // namespace gawait::benchmarks
