// error: gawait: specialise ref_traits for this type
#include "gawait/async.hpp"
#include "gawait/task.hpp"

struct Rgba {
    double red;
};

Rgba* pick_finish(GFile* file, GAsyncResult* result, GError** failure);

gawait::task<> of_a_struct_that_is_no_object(GFile* file) {
    co_await gawait::async(g_file_read_async, pick_finish, file);
}
