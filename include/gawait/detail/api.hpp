#pragma once

#if __cplusplus < 202002L
#error "gawait needs C++20: compile with -std=c++20 or newer"
#endif

/// Marks what the shared library exports; everything else is built hidden.
#define GAWAIT_API [[gnu::visibility("default")]]

/// Marks what a value refers to, so that clang warns of one that outlives a temporary.
#if defined(__clang__)
#define GAWAIT_LIFETIMEBOUND [[clang::lifetimebound]]
#else
#define GAWAIT_LIFETIMEBOUND
#endif
