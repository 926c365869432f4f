#include "gawait/dump_tasks.hpp"

#include "gawait/detail/task_tree.hpp"
#include "gawait/engine/engine.hpp"

#include <cstddef>
#include <cstdio>
#include <list>

namespace gawait {
namespace {

void add_to(std::string& text, const std::list<detail::task_tree>& tasks, std::size_t depth = 0) {
    for (const auto& each : tasks) {
        text.append(2 * depth, ' ').append(each.text).append("\n");
        add_to(text, each.awaits, depth + 1);
    }
}

} // namespace

void dump_tasks() { std::fputs(format_tasks().c_str(), stderr); }

std::string format_tasks(GMainContext* context) {
    std::string text;
    if (const engine_ref home = engine::find(context))
        add_to(text, detail::tasks_of(*home));
    return text;
}

} // namespace gawait
