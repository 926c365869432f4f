#pragma once

#include "gawait/ref.hpp"
#include "python.hpp"

namespace gawait::python {

/// A `GLib.Variant` of a value, which is null with an exception set on failure.
object variant_object(ref<GVariant> value) noexcept;

/// What a `GLib.Variant` is of. Borrowed; null for any other object.
GVariant* variant_in(PyObject* given) noexcept;

bool prepare_variants() noexcept;

} // namespace gawait::python
