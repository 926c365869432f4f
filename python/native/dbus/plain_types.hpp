#pragma once

#include "dbus/type.hpp"

namespace gawait::python {

/// The type that D-Bus has for a value for which nothing is annotated. Empty if there is none,
/// which `into` knows, or with an exception set.
object plain_type_of(PyObject* value, packing& into) noexcept;

/// The type of a basic type's letter, as it is without an annotation.
const dbus_type& plain_basic_type(char letter) noexcept;

/// The type of bytes.
const dbus_type& plain_bytes_type() noexcept;

/// @param type_of_class, object_path, signature of types.py
bool prepare_plain_types(PyObject* type_of_class, PyObject* object_path,
                         PyObject* signature) noexcept;

} // namespace gawait::python
