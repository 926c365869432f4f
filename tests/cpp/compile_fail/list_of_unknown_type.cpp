// error: gawait: specialise ref_traits for this type
#include "gawait/async.hpp"
#include "gawait/task.hpp"

gawait::task<> of_characters(GFileEnumerator* children) {
    co_await gawait::async<gawait::list<char>>(g_file_enumerator_next_files_async,
                                               g_file_enumerator_next_files_finish, children, 10);
}
