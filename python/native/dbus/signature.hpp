#pragma once

namespace gawait::python {

/// What is wrong with the signature of one complete type of D-Bus, as the end of a sentence; null
/// if nothing is.
const char* fault_of_signature(const char* signature) noexcept;

/// The same of any number of complete types one behind the other, as a value of the type g is.
const char* fault_of_types(const char* signature) noexcept;

} // namespace gawait::python
