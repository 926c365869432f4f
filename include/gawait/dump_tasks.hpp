#pragma once

#include "gawait/detail/api.hpp"

#include <glib.h>

#include <string>

namespace gawait {

/// Writes what the tasks of the calling thread's thread-default context wait for to standard
/// error: who awaits what, down to the operation, by the name of its C function, and for how long
/// already. For a debugger too: `call gawait::dump_tasks()`.
///
///     fetch_all
///       when_all
///         cover: fetch
///           awaits g_file_load_contents_async, in flight for 1.2 s
///         lyrics: fetch
///           awaits a mutex, for 310 ms
///
/// A task is called as its function, or as `named()` has it. A function's name is that of its
/// symbol; of a program that was stripped, it is the address. What begins with "called" is a
/// call from C, or from Python, of a function that a coroutine answers; if another task made it,
/// it stands below that.
///
/// A task that waits for nothing runs, or is about to go on. One that has not begun is not shown.
GAWAIT_API void dump_tasks();

/// The text of that.
///
/// @param context null stands for the thread-default one.
/// @throws error `G_IO_ERROR_INVALID_ARGUMENT` if another thread owns the context.
GAWAIT_API std::string format_tasks(GMainContext* context = nullptr);

} // namespace gawait
