#pragma once

#include "gawait/engine/engine.hpp"
#include "support/engine_work.hpp"
#include "support/loop.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <string>

namespace gawait::test {

/// A context of the test's own with its engine, and a log of what ran.
struct engine_fixture : testing::Test {
    own_context context;
    engine_ref home = engine::get();

    std::string log;

    std::function<void()> logs(char letter) {
        return [this, letter] { log += letter; };
    }

    bool until(const std::function<bool()>& done) { return block_until(context.get(), done); }
    bool until_logged(std::size_t count) {
        return until([&] { return log.size() >= count; });
    }
    void settle() const { context.iterate_while_ready(); }
};

} // namespace gawait::test
