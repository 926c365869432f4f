// error: gawait::async: say what the list holds
#include "gawait/async.hpp"
#include "gawait/task.hpp"

gawait::task<> of_who_knows_what(GFileEnumerator* children) {
    co_await gawait::async(g_file_enumerator_next_files_async, g_file_enumerator_next_files_finish,
                           children, 10);
}
