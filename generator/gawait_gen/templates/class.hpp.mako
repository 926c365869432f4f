<%
    place = namespace.name.lower()
    several = [each for each in header.operations if len(each.parts) > 1]
    deprecated = any(each.start.deprecated or each.finish.deprecated for each in header.operations)
%>\
#pragma once

// Written by gawait-gen from ${namespace.name}-${namespace.version}: ${header.title}.

% for each in sorted({place} | {other.name.lower() for other in used}):
#include "gawait/${each}/classes.hpp"
% endfor
#include "gawait/typed.hpp"

#include <utility>

namespace gawait::${place} {
% if deprecated:

G_GNUC_BEGIN_IGNORE_DEPRECATIONS
% endif

% for each in several:
${text.result_struct(each)}

% endfor
namespace calls {

% for each in header.operations:
${text.call_struct(each)}

% endfor
} // namespace calls

% for each in header.operations:
${text.public_function(each, documentation.of_operation(each))}

% endfor
% if deprecated:
G_GNUC_END_IGNORE_DEPRECATIONS

% endif
} // namespace gawait::${place}
