#pragma once

// Written by gawait-gen from ${namespace.name}-${namespace.version}.

% if gtype_names:
#include "gawait/gvalue.hpp"
% endif
#include "gawait/handle.hpp"

% for include in includes:
#include <${include}>
% endfor

% for each in tags:
struct ${each};
% endfor

namespace gawait {

// Types may be deprecated, and their functions.
G_GNUC_BEGIN_IGNORE_DEPRECATIONS

% if traits or boxed:
// How references are taken and dropped ---------------------------------------------

% for each in traits:
${each.text()}
% endfor
% for each in boxed:
template <> struct ref_traits<${each.c_type}> {
    static void unref(${each.c_type}* owned) noexcept {
        g_boxed_free(${each.get_type}(), owned);
    }
};
% endfor

% endif
% if gtype_names:
// What GObject calls them ------------------------------------------------------------

% for each in gtype_names:
${text.gtype_name(each)}
% endfor

% endif
// What classes and interfaces derive from ------------------------------------------

% for each in bases:
${each.text("bases")}
% endfor

G_GNUC_END_IGNORE_DEPRECATIONS

} // namespace gawait
