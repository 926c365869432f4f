#pragma once

#include "gawait/detail/api.hpp"
#include "gawait/handle.hpp"
#include "gawait/ref.hpp"
#include "gawait/task.hpp"

#include <gio/gio.h>

#include <functional>
#include <utility>
#include <vector>

namespace gawait {
namespace detail {

GAWAIT_API int run_application(ref<GApplication> application, int argc, char** argv,
                               std::function<task<>(std::vector<ref<GFile>>)> begin);

} // namespace detail

/// Runs an application, as `g_application_run()` does, and a task each time it is activated or is
/// to open files. The application goes on as long as these do, and they end with it: when it quits
/// they are cancelled and awaited.
///
///     task<> show_window(ref<GtkApplication> application);
///
///     int main(int argc, char** argv) {
///         auto application =
///             adopt(gtk_application_new("org.example.Notes", G_APPLICATION_DEFAULT_FLAGS));
///         return run_application(application, argc, argv,
///                                [&](auto) { return show_window(application); });
///     }
///
/// In the main thread, on the default context. What else was spawned there is cancelled and awaited
/// as well, as by `run()`.
///
/// @param application a reference is kept.
/// @param begin called in a later round, with the files to open, for `G_APPLICATION_HANDLES_OPEN`,
///     or none. Whether there is a window already, that has only to be presented, is for it to see.
///     What it captures is kept until all have ended.
/// @return the exit status: 0 if all went well, or as `g_application_run()` says.
/// @throws what one of the tasks failed with, which quits the application.
template <handle_to<GApplication> Application>
int run_application(const Application& application, int argc, char** argv,
                    std::function<task<>(std::vector<ref<GFile>>)> begin) {
    return detail::run_application(ref_to<GApplication>(application), argc, argv, std::move(begin));
}

} // namespace gawait
