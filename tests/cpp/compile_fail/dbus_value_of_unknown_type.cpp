// error: there is no type of D-Bus for this one
#include "gawait/dbus/value.hpp"

class hidden {
public:
    explicit hidden(int value) : value_(value) {}

private:
    int value_;
};

auto sent(const hidden& value) { return gawait::dbus::to_variant(value); }
