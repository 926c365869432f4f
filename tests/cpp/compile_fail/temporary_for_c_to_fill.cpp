// error: buffer_of
#include "gawait/streams.hpp"
#include "gawait/task.hpp"

#include <string>

gawait::task<> reads_into_what_is_gone(gawait::ref<GInputStream> stream) {
    co_await gawait::read_from(stream, std::string(8, ' '));
}
