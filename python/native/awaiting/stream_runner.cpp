#include "awaiting/stream_runner.hpp"

#include "awaiting/operation.hpp"
#include "gawait/detail/stream_transfer.hpp"
#include "gawait/engine/engine.hpp"
#include "gawait/ref.hpp"

#include <array>
#include <atomic>
#include <memory>

namespace gawait::python {
namespace {

using detail::read_bytes_transfer;
using detail::read_transfer;
using detail::skip_transfer;
using detail::write_transfer;

// The results of the finish functions, for Python.

template <class Transfer> c_value returned_by(Transfer& ended, bool tells_success) noexcept {
    c_value value{};
    if constexpr (std::is_base_of_v<read_bytes_transfer, Transfer>)
        value.pointer = ended.take().release();
    else if (tells_success)
        value.int32 = TRUE;
    else
        value.int64 = static_cast<gint64>(ended.moved());
    return value;
}

/// Owns itself from `begin()` until the operation has ended, and it is in no queue.
template <class Transfer> class stream_runner final : public Transfer, public operation_runner {
public:
    /// @param tells_success whether the finish function returns that, and the number besides
    stream_runner(engine_ref home, bool tells_success)
        : home_(std::move(home)), tells_success_(tells_success) {}

    static void begin(std::unique_ptr<stream_runner> prepared, PyObject* operation,
                      ref<GBytes> kept) noexcept {
        stream_runner& self = *prepared.release();
        self.operation_ = object::retain(operation);
        self.kept_ = std::move(kept);
        run_by(operation, self);
        wait_in_engine(operation);
        // As of GIO's, the stream is pending until the operation calls back.
        self.ended_ = self.Transfer::begin(*self.home_) || !self.wait();
        if (self.ended_)
            self.home_->post(self.ending_);
    }

    void cancel() noexcept override {
        if (!cancel_posted_.exchange(true))
            home_->post(cancelling_);
    }

    void end_if_done() noexcept override {
        if (!ended_ || home_->tick())
            return;
        this->finish();
        complete();
    }

    void heed(GCancellable* cancellable) noexcept override {
        heeded_ = ref<GCancellable>::retain(cancellable);
        connection_ =
            g_cancellable_connect(cancellable, G_CALLBACK(+[](GCancellable*, gpointer self) {
                                      static_cast<stream_runner*>(self)->cancel();
                                  }),
                                  this, nullptr);
    }

private:
    struct step : job {
        step(function run, stream_runner& runs) noexcept : job(run), of(runs) {}
        stream_runner& of;
    };

    /// Waits for other threads that are about to cancel, of which a handler may want the GIL.
    void heed_no_more() noexcept {
        if (!heeded_)
            return;
        const with_gil held;
        const without_gil released;
        g_cancellable_disconnect(heeded_, connection_);
    }

    void on_end() noexcept override {
        const std::unique_ptr<stream_runner> self(this);
        complete();
    }

    void complete() noexcept {
        heed_no_more();
        if (cancel_posted_)
            home_->withdraw(cancelling_);
        GError* failure = nullptr;
        if (auto& reason = this->failure())
            failure = reason->release();
        else if (this->gave_up())
            set_cancelled(&failure);
        const with_gil held;
        std::array<c_value, 2> results{};
        if (!failure)
            results[0] = returned_by(*this, tells_success_);
        results[1].uint64 = this->moved();
        const object operation = std::move(operation_);
        end_by_runner(operation.get(), {results.data(), std::size_t(tells_success_ ? 2 : 1)},
                      failure);
    }

    engine_ref home_;
    const bool tells_success_;
    object operation_;
    ref<GBytes> kept_;
    ref<GCancellable> heeded_;
    gulong connection_ = 0;
    std::atomic<bool> cancel_posted_{false};
    bool ended_ = false;
    step cancelling_{[](job& self) noexcept {
                         stream_runner& of = static_cast<step&>(self).of;
                         if (!of.ended_ && of.Transfer::cancel())
                             of.on_end();
                     },
                     *this};
    step ending_{[](job& self) noexcept {
                     stream_runner& of = static_cast<step&>(self).of;
                     const std::unique_ptr<stream_runner> owned(&of);
                     if (!of.operation_)
                         return; // it was awaited meanwhile
                     of.finish();
                     of.complete();
                 },
                 *this};
};

/// Of a start function, in order: the stream, what it reads or writes and perhaps its size, the
/// priority.
class stream_call {
public:
    stream_call(const start_call& call, engine_ref home, PyObject* operation) noexcept
        : call_(call), home_(std::move(home)), operation_(operation) {}

    bool run(stream_function which) const {
        switch (which) {
        case stream_function::none:
            break;
        case stream_function::read:
            return begin<read_transfer>(false, input(), buffer(), size(), priority(3),
                                        read_transfer::amount::some);
        case stream_function::read_all:
            return begin<read_transfer>(true, input(), buffer(), size(), priority(3),
                                        read_transfer::amount::all);
        case stream_function::read_bytes:
            return begin<read_bytes_transfer>(false, input(), value(1).uint64, priority(2));
        case stream_function::skip:
            return begin<skip_transfer>(false, input(), value(1).uint64, priority(2));
        case stream_function::write:
            return begin<write_transfer>(false, output(), buffer(), size(), priority(3),
                                         write_transfer::amount::some);
        case stream_function::write_all:
            return begin<write_transfer>(true, output(), buffer(), size(), priority(3),
                                         write_transfer::amount::all);
        case stream_function::write_bytes:
            return write_bytes();
        }
        return false;
    }

private:
    const c_value& value(std::size_t index) const noexcept { return call_.values[index]; }
    GInputStream* input() const noexcept { return static_cast<GInputStream*>(value(0).pointer); }
    GOutputStream* output() const noexcept { return static_cast<GOutputStream*>(value(0).pointer); }
    void* buffer() const noexcept { return value(1).pointer; }
    int priority(std::size_t index) const noexcept { return value(index).int32; }
    std::size_t size() const noexcept { return static_cast<std::size_t>(call_.memory.kept_length); }

    bool write_bytes() const {
        auto bytes = ref<GBytes>::retain(static_cast<GBytes*>(value(1).pointer));
        gsize length = 0;
        const void* data = g_bytes_get_data(bytes, &length);
        return begin_keeping<write_transfer>(std::move(bytes), false, output(), data, length,
                                             priority(2), write_transfer::amount::some);
    }

    template <class Transfer, class... Arguments>
    bool begin(bool tells_success, Arguments... arguments) const {
        return begin_keeping<Transfer>({}, tells_success, arguments...);
    }

    template <class Transfer, class... Arguments>
    bool begin_keeping(ref<GBytes> kept, bool tells_success, Arguments... arguments) const {
        auto made = std::make_unique<stream_runner<Transfer>>(home_, tells_success);
        if (!made->prepare(arguments...))
            return false;
        stream_runner<Transfer>::begin(std::move(made), operation_, std::move(kept));
        return true;
    }

    const start_call& call_;
    engine_ref home_;
    PyObject* operation_;
};

} // namespace

bool run_on_stream(const start_plan& plan, const start_call& call, PyObject* operation) noexcept {
    if (plan.of_stream() == stream_function::none || is_cancelled(operation))
        return false;
    engine_ref home = engine::find();
    return home && stream_call(call, std::move(home), operation).run(plan.of_stream());
}

} // namespace gawait::python
