#pragma once

/// D-Bus. Each of these headers can be included by itself.

#include "gawait/dbus/call.hpp"
#include "gawait/dbus/error.hpp"
#include "gawait/dbus/interface.hpp"
#include "gawait/dbus/invocation.hpp"
#include "gawait/dbus/message_body.hpp"
#include "gawait/dbus/name.hpp"
#include "gawait/dbus/object_manager.hpp"
#include "gawait/dbus/proxy.hpp"
#include "gawait/dbus/send.hpp"
#include "gawait/dbus/service.hpp"
#include "gawait/dbus/signal_match.hpp"
#include "gawait/dbus/signals.hpp"
#include "gawait/dbus/value.hpp"
