#pragma once

#include "dbus/type.hpp"

namespace gawait::python {

/// Writes what is in a structure, or in an entry of a dictionary: a member of each part of `type`.
///
/// @param pack_member of an index: packs it, or returns false
template <class PackMember>
bool pack_members(const dbus_type& type, bool is_fixed, packing& into,
                  PackMember pack_member) noexcept {
    serialiser::container members(into.bytes);
    for (Py_ssize_t index = 0; index < type.count(); ++index) {
        if (!pack_member(index))
            return false;
        // Where the last ends need not be told.
        if (type.part(index).fixed_size == 0 && index + 1 < type.count())
            members.end_child();
    }
    if (!is_fixed)
        members.finish_structure();
    else if (type.count() == 0)
        into.bytes.put<guint8>(0);
    else
        into.bytes.align(type.alignment);
    return true;
}

/// What is in a container, or in a variant.
inline ref<GVariant> child_of(GVariant* value, gsize index) noexcept {
    return ref<GVariant>::adopt(g_variant_get_child_value(value, index));
}

/// A tuple of what is in a structure. Null with an exception set on failure.
object unpack_members(const dbus_type& type, GVariant* value, const unpacking& from) noexcept;

} // namespace gawait::python
