#pragma once

#include "awaiting/plans/call_plan.hpp"
#include "python.hpp"

namespace gawait::python {

/// Runs an operation of a stream over a descriptor on the engine's poller, where GIO would have a
/// source for it. What Python sees of it is the same: the result comes in a later round.
///
/// @param call of the plan, converted; what it keeps the operation keeps
/// @return false if the function of the plan is to be called
bool run_on_stream(const start_plan& plan, const start_call& call, PyObject* operation) noexcept;

} // namespace gawait::python
