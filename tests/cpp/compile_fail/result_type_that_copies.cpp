// error: gawait::async: the result type must have a noexcept constructor
#include "gawait/async.hpp"
#include "gawait/task.hpp"

#include <string>

gawait::task<> leaking_the_line(GDataInputStream* lines) {
    co_await gawait::async<std::string>(g_data_input_stream_read_line_async,
                                        g_data_input_stream_read_line_finish, lines);
}
