#include "gawait/application.hpp"

#include "gawait/channel.hpp"
#include "gawait/run.hpp"
#include "gawait/scope.hpp"
#include "gawait/spawn.hpp"

#include <limits>
#include <utility>

namespace gawait::detail {
namespace {

/// As long as one of these lives the application goes on without a window.
class application_hold {
public:
    explicit application_hold(GApplication* held) noexcept
        : held_(ref<GApplication>::retain(held)) {
        g_application_hold(held);
    }
    application_hold(application_hold&&) noexcept = default;
    application_hold& operator=(application_hold&&) = delete;
    ~application_hold() {
        if (held_)
            g_application_release(held_);
    }

private:
    ref<GApplication> held_;
};

struct activation {
    application_hold hold; // since nobody else has the application go on until the task begins
    std::vector<ref<GFile>> files;
};

/// Begins a task for each activation.
class activated_tasks {
public:
    using function = std::function<task<>(std::vector<ref<GFile>>)>;

    activated_tasks(ref<GApplication> application, function begin)
        : application_(application), begin_(std::move(begin)),
          activate_(g_signal_connect(application, "activate", G_CALLBACK(activated), this)),
          open_(g_signal_connect(application, "open", G_CALLBACK(opened), this)) {}
    activated_tasks(const activated_tasks&) = delete;
    activated_tasks& operator=(const activated_tasks&) = delete;
    ~activated_tasks() {
        g_signal_handler_disconnect(application_, activate_);
        g_signal_handler_disconnect(application_, open_);
    }

    /// Until it is cancelled, or one of them fails.
    task<> run() {
        const auto work = [&](activation begun) -> task<> {
            co_await begin_(std::move(begun.files));
        };
        const auto begin_each = [&](scope& children) -> task<> {
            for (;;) {
                std::optional<activation> next = co_await activations_.receive();
                children.spawn(work, std::move(next.value()));
            }
        };
        try {
            co_await gawait::with_scope(begin_each);
        } catch (...) {
            g_application_quit(application_);
            throw;
        }
    }

private:
    static void activated(GApplication* application, gpointer self) noexcept {
        static_cast<activated_tasks*>(self)->activations_.try_send(
            {application_hold(application), {}});
    }

    static void opened(GApplication* application, GFile** files, gint count, const char* /*hint*/,
                       gpointer self) noexcept {
        activation begun{application_hold(application), {}};
        for (gint each = 0; each < count; ++each)
            begun.files.push_back(ref<GFile>::retain(files[each]));
        static_cast<activated_tasks*>(self)->activations_.try_send(std::move(begun));
    }

    ref<GApplication> application_;
    function begin_;
    channel<activation> activations_{std::numeric_limits<std::size_t>::max()};
    gulong activate_;
    gulong open_;
};

} // namespace

int run_application(ref<GApplication> application, int argc, char** argv,
                    std::function<task<>(std::vector<ref<GFile>>)> begin) {
    activated_tasks tasks(application, std::move(begin));
    auto running = gawait::spawn(tasks.run());
    const int status = g_application_run(application, argc, argv);
    running.cancel();
    try {
        gawait::run(std::move(running));
    } catch (const cancelled&) { // NOLINT(bugprone-empty-catch): it is what ends them
    }
    return status;
}

} // namespace gawait::detail
