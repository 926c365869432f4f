// error: gawait::async: this argument does not convert to the parameter of the start function
#include "gawait/async.hpp"
#include "gawait/task.hpp"

gawait::task<> of_a_name_instead_of_a_file(const char* name) {
    co_await gawait::async(g_file_read_async, g_file_read_finish, name);
}
