// The same with functions generated for another library.

#include <gawait/gawait.hpp>
#include <gawait/soup/session.hpp>

#include <cstdio>

int main(int, char** arguments) {
    const auto session = gawait::adopt(soup_session_new());
    const auto message = gawait::adopt(soup_message_new("GET", arguments[1]));
    try {
        const auto bytes = gawait::run(gawait::soup::session_send_and_read(session, message));
        std::printf("%zu bytes\n", g_bytes_get_size(bytes));
    } catch (const gawait::error& failure) {
        std::printf("error: %s\n", failure.message());
    }
}
