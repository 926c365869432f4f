<%
    place = namespace.name.lower()
    several = [each for each in header.operations if len(each.parts) > 1]
    deprecated = header.has_deprecated
%>\
#pragma once

// Written by gawait-gen from ${namespace.name}-${namespace.version}: ${header.title}.

% for each in sorted(header.includes + [f"{other.name.lower()}/classes" for other in [namespace, *used]]):
#include "gawait/${each}.hpp"
% endfor
% if header.operations:

#include <utility>
% endif

namespace gawait::${place} {
% if deprecated:

G_GNUC_BEGIN_IGNORE_DEPRECATIONS
% endif

% for each in several:
${text.result_struct(each)}

% endfor
% if header.operations:
namespace calls {

% for each in header.operations:
% if not text.is_of_streams(each):
${text.call_struct(each)}

% endif
% endfor
} // namespace calls

% endif
% for each in header.operations:
${text.public_function(each, documentation.of_operation(each))}

% endfor
% for each in header.signals:
${text.signal_function(each, documentation.of_observed(each, "signal"))}

% endfor
% for each in header.properties:
${text.property_function(each, documentation.of_observed(each, "property"))}

% endfor
% if deprecated:
G_GNUC_END_IGNORE_DEPRECATIONS

% endif
} // namespace gawait::${place}
