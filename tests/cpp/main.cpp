// Runs the tests of the files that are named without their ending ("engine/timer"), or all:
//
//     tests [NAME...] [gtest's arguments]

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <string_view>

namespace {

/// gtest's filter for the tests in one source file, each by its full name: a suite does not
/// tell its file. Empty if there are none.
std::string filter_for(std::string_view name) {
    const std::string ending = "/" + std::string(name) + "_test.cpp";
    const auto& all = *testing::UnitTest::GetInstance();
    std::string filter;
    for (int suite = 0; suite < all.total_test_suite_count(); ++suite) {
        const auto& tests = *all.GetTestSuite(suite);
        for (int index = 0; index < tests.total_test_count(); ++index) {
            const auto& test = *tests.GetTestInfo(index);
            if (std::string_view(test.file()).ends_with(ending))
                filter += std::string(tests.name()) + "." + test.name() + ":";
        }
    }
    return filter;
}

} // namespace

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    // A death test starts this program again with the filter of that one test.
    if (argc > 1 && GTEST_FLAG_GET(filter) == "*") {
        std::string filter;
        for (int index = 1; index < argc; ++index) {
            const std::string one = filter_for(argv[index]);
            if (one.empty()) {
                std::fprintf(stderr, "tests: there is no test in %s_test.cpp\n", argv[index]);
                return 2;
            }
            filter += one;
        }
        GTEST_FLAG_SET(filter, filter);
    }
    return RUN_ALL_TESTS();
}
