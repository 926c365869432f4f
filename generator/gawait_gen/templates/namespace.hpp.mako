#pragma once

// Written by gawait-gen from ${namespace.name}-${namespace.version}.

/// All async functions, signals and properties of ${namespace.name}. Each of these headers can be
/// included by itself.
% if left_out:
///
/// Functions with a ready callback, signals and properties that are left out:
///
% for each in left_out:
${documentation.comment(("- ", f"`{each.c_name}`: {each.reason}"))}
% endfor
% endif

#include "gawait/${namespace.name.lower()}/classes.hpp"
% for header in headers:
#include "gawait/${namespace.name.lower()}/${header.name}.hpp"
% endfor
