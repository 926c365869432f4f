#pragma once

namespace gawait::dbus {

/// Which signals of all that are sent. What is null may be any. Borrows its strings.
struct signal_match {
    /// A name on the bus; of a well-known one its owner's, whoever that is.
    const char* sender = nullptr;

    /// An object.
    const char* path = nullptr;

    const char* interface = nullptr;
    const char* member = nullptr;

    /// The first argument, a string.
    const char* argument = nullptr;
};

} // namespace gawait::dbus
