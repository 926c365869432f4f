#pragma once

#include "gawait/ref.hpp"

#include <gio/gio.h>

namespace gawait::test {

/// A variant in GLib's text form.
inline ref<GVariant> parsed(const char* text) {
    return ref<GVariant>::adopt(g_variant_parse(nullptr, text, nullptr, nullptr, nullptr));
}

} // namespace gawait::test
