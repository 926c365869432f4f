#pragma once

#include <gio/gio.h>

namespace gawait::test {

/// A `GError*` to be set, which is freed.
class failure_slot {
public:
    failure_slot() = default;
    failure_slot(const failure_slot&) = delete;
    failure_slot& operator=(const failure_slot&) = delete;
    ~failure_slot() { g_clear_error(&set_); }

    operator GError**() { return &set_; }
    bool set() const { return set_; }
    GError* operator->() const { return set_; }
    bool matches(GQuark domain, int code) const { return g_error_matches(set_, domain, code); }
    bool matches(GIOErrorEnum code) const { return matches(G_IO_ERROR, code); }

private:
    GError* set_ = nullptr;
};

} // namespace gawait::test
