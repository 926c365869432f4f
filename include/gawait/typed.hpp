#pragma once

/// What the headers that gawait-gen writes are made of.

#include "gawait/arguments.hpp"
#include "gawait/detail/typed_operation.hpp"
#include "gawait/handle.hpp"
#include "gawait/results.hpp"
