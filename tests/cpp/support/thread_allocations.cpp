#include "support/thread_allocations.hpp"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GAWAIT_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GAWAIT_TEST_SANITIZED 1
#endif
#endif

namespace {

void count_allocation() noexcept {
    gawait::test::allocation_count = gawait::test::allocation_count + 1;
}

} // namespace

#ifdef GAWAIT_TEST_SANITIZED

extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*,
                                                                           std::size_t),
                                                         void (*on_free)(const volatile void*));

namespace gawait::test {
inline const int allocation_hooks = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { count_allocation(); }, [](const volatile void*) {});
} // namespace gawait::test

#else

// operator new and g_malloc() both end here.

extern "C" void* __libc_malloc(std::size_t size) noexcept;
extern "C" void* __libc_calloc(std::size_t count, std::size_t size) noexcept;
extern "C" void* __libc_realloc(void* old, std::size_t size) noexcept;

extern "C" [[gnu::visibility("default")]] void* malloc(std::size_t size) noexcept {
    count_allocation();
    return __libc_malloc(size);
}

extern "C" [[gnu::visibility("default")]] void* calloc(std::size_t count,
                                                       std::size_t size) noexcept {
    count_allocation();
    return __libc_calloc(count, size);
}

extern "C" [[gnu::visibility("default")]] void* realloc(void* old, std::size_t size) noexcept {
    count_allocation();
    return __libc_realloc(old, size);
}

#endif
