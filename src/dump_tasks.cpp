#include "gawait/dump_tasks.hpp"

#include "gawait/detail/task_tree.hpp"
#include "gawait/engine/engine.hpp"

#include <iostream>
#include <list>
#include <string>

namespace gawait {
namespace {

void write(std::ostream& to, const std::list<detail::task_tree>& tasks, std::size_t depth = 0) {
    for (const auto& each : tasks) {
        to << std::string(2 * depth, ' ') << each.text << '\n';
        write(to, each.awaits, depth + 1);
    }
}

} // namespace

void dump_tasks() {
    dump_tasks(std::cerr);
    std::cerr.flush();
}

void dump_tasks(std::ostream& to, GMainContext* context) {
    if (const engine_ref home = engine::find(context))
        write(to, detail::tasks_of(*home));
}

} // namespace gawait
