#include "gawait/fd.hpp"

namespace gawait {

const fd_awaiter::kind fd_awaiter::a_descriptor{
    role::wait, "file descriptor ", [](const pending& self, std::string& to) {
        const auto& watch = static_cast<const fd_awaiter&>(self);
        const bool reads = watch.condition() & (G_IO_IN | G_IO_PRI);
        const bool writes = watch.condition() & G_IO_OUT;
        to += std::to_string(watch.fd());
        to += reads && writes ? ", to read or write" : writes ? ", to write" : ", to read";
    }};

bool fd_awaiter::start() noexcept {
    try {
        home().watch(*this);
        return true;
    } catch (const error& failure) {
        if (failure.matches(G_IO_ERROR_PERMISSION_DENIED))
            outcome_ = condition(); // EPERM: not a thing that could block
        else
            failure_ = detail::failure::current();
        return false;
    } catch (...) {
        failure_ = detail::failure::current();
        return false;
    }
}

GIOCondition fd_awaiter::await_resume() const {
    throw_if_cancelled();
    if (failure_)
        failure_.rethrow();
    if (outcome_ & G_IO_NVAL)
        throw error(G_IO_ERROR_CLOSED,
                    "gawait: the file descriptor was closed while it was awaited");
    return outcome_;
}

bool fd_awaiter::withdraw() noexcept {
    home().unwatch(*this);
    return !queued();
}

void fd_awaiter::on_ready(fd_watch& watch) noexcept {
    auto& self = static_cast<fd_awaiter&>(watch);
    self.outcome_ = self.ready();
    self.home().unwatch(self);
    self.finish_now();
}

} // namespace gawait
