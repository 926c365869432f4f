// What the compiler reads once for all tests. Each test includes what it uses all the same. (No
// "#pragma once": it is compiled by itself.)

#include "gawait/gawait.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <ranges>
#include <string>
#include <thread>
