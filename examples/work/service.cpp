#include "org.example.Work.hpp"
#include <gawait/dbus/name.hpp>
#include <gawait/gawait.hpp>
#include <gawait/gio/gio.hpp>
using namespace gawait;

struct work final : org::example::work_service {
    task<std::string> delay(std::uint32_t milliseconds) override {
        co_await sleep_for(std::chrono::milliseconds(milliseconds));
        finish();
        co_return "waited";
    }
    task<std::uint64_t> size(std::string path) override {
        auto file = ref<GFile>::adopt(g_file_new_for_path(path.c_str()));
        auto info = co_await gio::file_query_info(file, "standard::size", G_FILE_QUERY_INFO_NONE);
        finish();
        co_return std::uint64_t(g_file_info_get_size(info));
    }
    std::uint32_t done() const override { return done_; }
    void finish() {
        emit_progress(++done_);
        done_changed();
    }
    task<> serve() const {
        auto bus = co_await gio::bus_get(G_BUS_TYPE_SESSION);
        co_await with_scope([&](scope& calls) -> task<> {
            dbus::exported here(calls, bus, dbus::object_path("/org/example/Work"), {*this});
            auto name = co_await dbus::own_name(bus, "org.example.Work");
            co_await name.lost();
        });
    }
    std::uint32_t done_ = 0;
};

int main() { run(work().serve()); }
