#include "gawait/detail/task_tree.hpp"

#include "detail/task_names.hpp"
#include "gawait/detail/pending.hpp"
#include "gawait/produce.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <utility>

namespace gawait::detail {
namespace {

class tree_builder {
    static constexpr std::string_view running = ", running or about to";

public:
    void add(const pending& entry) {
        switch (entry.of().role) {
        case pending::role::wait:
        case pending::role::operation: {
            task_tree& wait =
                add_to(node_of(entry.where()).awaits, "awaits " + text_of_wait(entry));
            wait.begins = &entry;
            operations_.emplace(&entry, &wait);
            break;
        }
        case pending::role::task:
            node_of(entry.where());
            break;
        case pending::role::call: {
            const auto& call = static_cast<const produced_call&>(entry).made_with();
            task_tree& node = node_of(entry.where());
            node.text =
                "called as " + (call.name ? call.name : names_.of_function(entry.begun_by()));
            node.answers = call.user_data;
            node.cancellable = call.cancellable;
            break;
        }
        }
    }

    std::list<task_tree> take() {
        for (auto each = roots_.begin(); each != roots_.end();) {
            const auto root = each++;
            const auto caller = operations_.find(root->answers);
            if (caller != operations_.end())
                caller->second->awaits.splice(caller->second->awaits.end(), roots_, root);
        }
        finish(roots_);
        return std::move(roots_);
    }

private:
    std::string text_of_wait(const pending& entry) {
        const bool operation = entry.of().role == pending::role::operation;
        const auto age = text_of(coarse_now() - entry.since());
        return names_.of_wait(entry) + (operation ? ", in flight for " : ", for ") + age;
    }

    static bool is_coroutine(const task_tree& node) noexcept {
        return !node.begins && !node.answers;
    }

    /// Says of what has no function of its own what it awaits, on which it only passes.
    static void finish(std::list<task_tree>& all) {
        for (task_tree& each : all) {
            finish(each.awaits);
            const bool has_no_function = each.text.empty() || each.text.ends_with(": ");
            if (has_no_function && each.awaits.size() == 1 && is_coroutine(each.awaits.front())) {
                task_tree only = std::move(each.awaits.front());
                only.text.insert(0, each.text);
                each = std::move(only);
            } else if (each.text.empty()) {
                each.text = "a task";
            } else if (has_no_function) {
                each.text.resize(each.text.size() - 2);
            }
            if (each.awaits.empty() && !each.begins && !each.text.ends_with(running))
                each.text += running;
        }
    }

    task_tree& node_of(const environment& env) {
        auto known = nodes_.find(&env);
        if (known == nodes_.end())
            known = nodes_.emplace(&env, &new_node(env)).first;
        return *known->second;
    }

    task_tree& new_node(const environment& env) {
        if (!env.awaiter)
            return add_to(roots_, names_.of_coroutine(env));
        task_tree& awaiter = node_of(*env.awaiter);
        std::string text = names_.of_coroutine(env);
        if (env.frame == env.awaiter->frame) { // the task and its coroutine
            if (env.name)
                awaiter.text = std::move(text);
            return awaiter;
        }
        return text.empty() ? awaiter : add_to(awaiter.awaits, std::move(text));
    }

    static task_tree& add_to(std::list<task_tree>& all, std::string text) {
        task_tree& added = all.emplace_back();
        added.text = std::move(text);
        return added;
    }

    std::map<const environment*, task_tree*> nodes_;
    std::map<gconstpointer, task_tree*> operations_;
    std::list<task_tree> roots_;
    task_names names_;
};

} // namespace

std::list<task_tree> tasks_of(const engine& home) {
    tree_builder tree;
    for (const unfinished* each : home.all_unfinished())
        tree.add(static_cast<const pending&>(*each));
    return tree.take();
}

std::string text_of(std::chrono::nanoseconds time) {
    using seconds = std::chrono::duration<double>;
    const double in_seconds = std::max(seconds(time).count(), 0.0);
    const unique_string text(in_seconds < 1 ? g_strdup_printf("%.0f ms", in_seconds * 1000)
                                            : g_strdup_printf("%.1f s", in_seconds));
    return text.get();
}

} // namespace gawait::detail
