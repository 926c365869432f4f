// Downloads files over HTTP into the current directory, 4 at a time, each within 2 s.

#include "gawait/gawait.hpp"
#include "gawait/gio/file.hpp"
#include "gawait/gio/output_stream.hpp"
#include "gawait/soup/session.hpp"

using namespace gawait;
using namespace std::chrono_literals;

namespace {
task<> fetch(ref<SoupSession> session, const char* url, std::size_t& bytes, std::size_t& total) {
    auto message = adopt(soup_message_new("GET", url));
    auto body = co_await soup::session_send(session, message);
    if (!SOUP_STATUS_IS_SUCCESSFUL(soup_message_get_status(message)))
        throw error(G_IO_ERROR_FAILED, soup_message_get_reason_phrase(message));
    auto file = adopt(g_file_new_for_path(strrchr(url, '/') + 1));
    auto out = co_await gio::file_replace(file, nullptr, false);
    auto chunks = chunks_of(body);
    while (auto* chunk = co_await chunks.next())
        bytes += co_await gio::output_stream_write_all(out, *chunk), total += chunk->size();
    co_await gio::output_stream_close(out);
}

task<> fetch_all(std::span<char*> urls) {
    auto session = adopt(soup_session_new_with_options("max-conns-per-host", 4, nullptr));
    std::size_t total = 0;
    auto all = for_each(urls, 4, [&](const char* url) -> task<> {
        std::size_t bytes = 0;
        auto end = co_await as_result(with_timeout(2s, fetch(session, url, bytes, total)));
        std::printf("%s: %s (%zu bytes)\n", url, end ? "done" : end.error().message(), bytes);
    });
    auto show = [&]() -> task<> {
        for (interval every(100ms);; co_await every.next())
            std::fprintf(stderr, "%zu bytes\r", total);
    };
    co_await when_any(std::move(all), show());
}
} // namespace

int main(int argc, char** argv) { run(fetch_all({argv + 1, argv + argc})); }
