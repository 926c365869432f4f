// error of clang: temporary whose address is used as value of local variable 'kept'
#include "gawait/async.hpp"
#include "gawait/task.hpp"

gawait::task<> keeps_the_pointer_and_not_the_reference(GFile* file) {
    GFileInputStream* kept = co_await gawait::async(g_file_read_async, g_file_read_finish, file);
    g_object_get_data(G_OBJECT(kept), "name");
}
