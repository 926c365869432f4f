// The SHA-256 of a file, in a window that goes on drawing meanwhile and has a button to cancel:
// gtkmm_checksum PATH.

#include "gawait/gawait.hpp"
#include "gawait/giomm.hpp"

#include <cstdio>
#include <functional>
#include <gtkmm.h>
#include <string>

using namespace gawait;

namespace {

task<std::string> checksum(Glib::RefPtr<Gio::File> file, Gtk::ProgressBar& progress) {
    const auto about = co_await giomm::async(
        [&](auto&... how) { file->query_info_async(how..., G_FILE_ATTRIBUTE_STANDARD_SIZE); },
        [&](auto& result) { return file->query_info_finish(result); });
    Glib::Checksum sum(Glib::Checksum::Type::SHA256);
    double done = 0;
    auto chunks = chunks_of(file);
    while (const chunk* bytes = co_await chunks.next()) {
        sum.update(reinterpret_cast<const guchar*>(bytes->data()), gssize(bytes->size()));
        done += double(bytes->size());
        progress.set_fraction(done / double(about->get_size()));
    }
    co_return sum.get_string();
}

class window : public Gtk::ApplicationWindow {
public:
    window() {
        set_title("SHA-256");
        set_child(box_);
        box_.append(progress_);
        box_.append(cancel_);
    }

    task<> show_checksum(Glib::RefPtr<Gio::File> file) {
        const object_signal<void()> clicked(&cancel_, "clicked");
        const object_signal<bool()> closed(this, "close-request");
        const auto first = co_await when_any(checksum(std::move(file), progress_), clicked, closed);
        const auto* sum = std::get_if<0>(&first);
        std::puts(sum ? sum->c_str() : "cancelled");
    }

private:
    Gtk::Box box_{Gtk::Orientation::VERTICAL, 12};
    Gtk::ProgressBar progress_;
    Gtk::Button cancel_{"Cancel"};
};

task<> show(Glib::RefPtr<Gtk::Application> application, Glib::RefPtr<Gio::File> file, int& status) {
    window shown;
    application->add_window(shown);
    shown.present();
    try {
        co_await shown.show_checksum(std::move(file));
        status = 0;
    } catch (const error& failure) {
        std::fprintf(stderr, "%s\n", failure.message());
    }
    application->release();
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 2)
        return 2;
    const auto application = Gtk::Application::create({}, Gio::Application::Flags::NON_UNIQUE);
    int status = 1;
    application->signal_activate().connect([&] {
        application->hold(); // closing the window is not the end yet
        static_cast<void>(
            spawn(show, application, Gio::File::create_for_path(argv[1]), std::ref(status)));
    });
    application->run();
    return status;
}
