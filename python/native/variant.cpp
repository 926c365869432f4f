#include "variant.hpp"

#include "pygobject.hpp"

namespace gawait::python {
namespace {

PyTypeObject* variant_type;

} // namespace

// PyGObject's object, as it makes it itself, but without looking for the class each time. Its
// `__del__()` lets go of the reference.
object variant_object(ref<GVariant> value) noexcept {
    auto made = object::adopt(variant_type->tp_alloc(variant_type, 0));
    if (auto* const into = reinterpret_cast<PyGPointer*>(made.get())) {
        into->pointer = value.release();
        into->gtype = G_TYPE_VARIANT;
    }
    return made;
}

GVariant* variant_in(PyObject* given) noexcept {
    return PyObject_TypeCheck(given, variant_type) ? pyg_pointer_get(given, GVariant) : nullptr;
}

bool prepare_variants() noexcept {
    variant_type = import_type("gi.repository.GLib", "Variant");
    return variant_type;
}

} // namespace gawait::python
