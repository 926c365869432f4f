#pragma once

#include "gawait/gdk/classes.hpp"
#include "gawait/ref.hpp"
#include "gawait/task.hpp"

#include <gdk/gdk.h>

#include <optional>
#include <string>
#include <vector>

/// Where a file is that `scan()` has found.
GFile* location_of(GFileInfo* file);

/// The content type of a file, told by its name; borrowed.
const char* content_type_of(GFileInfo* file);

/// Finds the files in a folder and in those below it, without hidden ones.
///
/// @param found gets them, `GFileInfo`s.
/// @return the errors of folders that could not be read.
gawait::task<std::vector<gawait::error>> scan(gawait::ref<GFile> folder,
                                              gawait::ref<GPtrArray> found);

/// A line of a file, in three parts.
struct match {
    std::string before, matched, after;
};

/// Looks for an expression in a file, in a worker thread. What is large or is no text is taken for
/// empty, as is what cannot be read. What is said to be empty may be a file of the kernel's, that
/// never ends.
gawait::task<std::optional<match>> search(gawait::ref<GFileInfo> file, gawait::ref<GRegex> wanted);

/// A small picture of a picture, which worker threads of GdkPixbuf's load.
///
/// @throws error if it is none, or too large.
gawait::task<gawait::ref<GdkTexture>> thumbnail(gawait::ref<GFileInfo> file);
