#pragma once

#include "gawait/ref.hpp"
#include "support/answer.hpp"
#include "support/loop.hpp"

#include <gio/gio.h>

#include <cstddef>
#include <utility>

namespace gawait::benchmarks {

/// Calls an asynchronous function again and again, each time from the callback of the last.
///
/// @tparam Start has the arguments of `answer_async()`.
template <auto Start, auto Finish> class callback_chain {
public:
    /// @param cancellable may be empty.
    callback_chain(std::size_t calls, ref<GCancellable> cancellable)
        : left_(calls), cancellable_(std::move(cancellable)) {}

    void run() {
        begin_next();
        iterate_until(done_);
    }

private:
    void begin_next() { Start(asked_, cancellable_, on_end, this); }

    static void on_end(GObject* asked, GAsyncResult* result, gpointer data) {
        auto& self = *static_cast<callback_chain*>(data);
        GError* failure = nullptr;
        self.sum_ += Finish(asked, result, &failure);
        expect_success(failure);
        if (--self.left_ == 0)
            self.done_ = true;
        else
            self.begin_next();
    }

    std::size_t left_;
    ref<GCancellable> cancellable_;
    ref<GObject> asked_ = new_object();
    gssize sum_ = 0;
    bool done_ = false;
};

} // namespace gawait::benchmarks
