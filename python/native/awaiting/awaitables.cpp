#include "awaiting/awaitables.hpp"

#include <unordered_map>

namespace gawait::python::awaitables {
namespace {

// Never destroyed: it would outlive the interpreter. Its elements stay where they are.
std::unordered_map<PyObject*, awaitable_part>& all() noexcept {
    static auto& parts =
        *std::make_unique<std::unordered_map<PyObject*, awaitable_part>>().release();
    return parts;
}

} // namespace

const awaitable_part* find(PyObject* info) noexcept {
    const auto found = all().find(info);
    return found == all().end() ? nullptr : &found->second;
}

void insert(PyObject* info, awaitable_part part) noexcept {
    all().insert_or_assign(info, std::move(part));
}

void forget(PyObject* info) noexcept {
    all().extract(info); // what it holds may run code that looks here, so it goes after
}

} // namespace gawait::python::awaitables
