#pragma once

#include "ui.hpp"

#include "gawait/task.hpp"

#include <string>
#include <vector>

/// The pages of a window, each with all that it does until it is cancelled.
///
/// @param window has to live as long.
/// @param folder may be null.
gawait::task<> show_files(const ui& window, gawait::ref<GFile> folder);
gawait::task<> show_downloads(const ui& window, std::vector<std::string> addresses);
gawait::task<> show_bus(const ui& window);
