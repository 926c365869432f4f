// Counts what each chain of operations allocates, and prints it per operation as JSON.

#include "gawait/engine/engine.hpp"
#include "support/chains.hpp"
#include "support/other_sources.hpp"

#include <atomic>
#include <cstddef>
#include <cstdio>

namespace {

std::atomic<std::size_t> allocations{0};

} // namespace

// In the place of the C library's, for every library in the program. C++'s operator new
// and GLib's allocators come here too.
extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): glibc's own names.
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t number, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
// NOLINTEND(bugprone-reserved-identifier)

void* malloc(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    return __libc_malloc(size);
}

void* calloc(std::size_t number, std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    return __libc_calloc(number, size);
}

void* realloc(void* old, std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    return __libc_realloc(old, size);
}

} // extern "C"

using namespace gawait;

namespace {

std::size_t count_allocations(const benchmarks::chain& chain, std::size_t operations) {
    const std::size_t before = allocations.load();
    chain.run(operations);
    return allocations.load() - before;
}

double allocations_per_operation(const benchmarks::chain& chain) {
    constexpr std::size_t few = 1000;
    constexpr std::size_t many = 11000;
    count_allocations(chain, few); // what is allocated once
    const std::size_t beforehand = count_allocations(chain, few);
    return double(count_allocations(chain, many) - beforehand) / double(many - few);
}

} // namespace

int main() {
    const benchmarks::other_sources others;
    const char* separator = "{\n";
    for (const auto& chain : benchmarks::chains()) {
        const engine_ref beside = chain.beside_engine ? engine::get() : engine_ref();
        std::printf("%s  \"%.*s\": %.3f", separator, int(chain.name.size()), chain.name.data(),
                    allocations_per_operation(chain));
        separator = ",\n";
    }
    std::printf("\n}\n");
}
