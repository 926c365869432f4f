// error: gawait::async: this argument is a C++ string
#include "gawait/async.hpp"
#include "gawait/task.hpp"

#include <string>

gawait::task<> with_the_attributes(GFile* file, std::string attributes) {
    co_await gawait::async(g_file_query_info_async, g_file_query_info_finish, file, attributes,
                           G_FILE_QUERY_INFO_NONE);
}
