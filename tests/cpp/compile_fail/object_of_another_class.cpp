// error: handle_to
#include "gawait/streams.hpp"
#include "gawait/task.hpp"

gawait::task<> reads_from_what_is_no_stream(gawait::ref<GFile> file, char (&buffer)[8]) {
    co_await gawait::read_from(file, buffer);
}
