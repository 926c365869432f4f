#include "dbus/members.hpp"
#include "dbus/type.hpp"
#include "memory.hpp"

namespace gawait::python {
namespace {

constexpr gsize longest_array = gsize{64} << 20;

PyObject* mapping_class() noexcept {
    static PyObject* const found = import_attribute("collections.abc", "Mapping");
    return found;
}

bool check_length(const serialiser::container& array, packing& into) noexcept {
    return into.bytes.size() - array.begin() <= longest_array ||
           into.refuse(PyExc_ValueError, "an array on D-Bus is at most 64 MiB long");
}

bool refuse_change(packing& into) noexcept {
    return into.refuse(PyExc_RuntimeError, "it changed its size while it was packed");
}

// Lists ----------------------------------------------------------------------------

bool pack_item(const dbus_type& type, PyObject* item, Py_ssize_t index,
               serialiser::container& array, packing& into) noexcept {
    const dbus_type& part = type.part(0);
    if (!part.pack(item, into))
        return into.in_item(index);
    if (part.fixed_size == 0)
        array.end_child();
    return true;
}

// What converts an item may run a user's code, which may change the list.
bool pack_items_of_list(const dbus_type& type, PyObject* list, serialiser::container& array,
                        packing& into) noexcept {
    const Py_ssize_t count = PyList_GET_SIZE(list);
    for (Py_ssize_t index = 0; index < count; ++index) {
        const auto item = object::retain(PyList_GET_ITEM(list, index));
        if (!pack_item(type, item.get(), index, array, into))
            return false;
        if (PyList_GET_SIZE(list) != count)
            return refuse_change(into);
    }
    return true;
}

bool pack_items_of_any(const dbus_type& type, PyObject* value, serialiser::container& array,
                       packing& into) noexcept {
    const auto iterator = object::adopt(PyObject_GetIter(value));
    if (!iterator)
        return false;
    for (Py_ssize_t index = 0;; ++index) {
        const auto item = object::adopt(PyIter_Next(iterator.get()));
        if (!item)
            return !PyErr_Occurred();
        if (!pack_item(type, item.get(), index, array, into))
            return false;
    }
}

/// Whether it is not something that is iterable as well, and not meant.
bool is_list_like(PyObject* value) noexcept {
    return (Py_TYPE(value)->tp_iter || PySequence_Check(value)) && !PyUnicode_Check(value) &&
           !PyBytes_Check(value) && !PyByteArray_Check(value) && !PyDict_Check(value);
}

bool pack_list(const dbus_type& type, PyObject* value, packing& into) noexcept {
    const packing::nested depth(into);
    if (!depth)
        return false;
    serialiser::container array(into.bytes);
    if (PyList_CheckExact(value)) {
        if (!pack_items_of_list(type, value, array, into))
            return false;
    } else if (!is_list_like(value)) {
        return into.refuse_type("list", value);
    } else if (!pack_items_of_any(type, value, array, into)) {
        return false;
    }
    array.finish_array();
    return check_length(array, into);
}

object unpack_list(const dbus_type& type, GVariant* value, const unpacking& from) noexcept {
    const dbus_type& part = type.part(0);
    const auto load = part.shape->load;
    const auto* const data = static_cast<const char*>(load ? g_variant_get_data(value) : nullptr);
    const gsize count = g_variant_n_children(value);
    auto list = object::adopt(PyList_New(static_cast<Py_ssize_t>(count)));
    for (gsize index = 0; list && index < count; ++index) {
        object item =
            data ? load(data + index * part.fixed_size) : part.unpack(child_of(value, index), from);
        if (!item)
            return {};
        PyList_SET_ITEM(list.get(), static_cast<Py_ssize_t>(index), item.release());
    }
    return list;
}

// Bytes ----------------------------------------------------------------------------

bool put_bytes(const char* data, std::size_t size, packing& into) noexcept {
    const packing::nested depth(into);
    if (!depth)
        return false;
    const serialiser::container array(into.bytes);
    if (size > 0)
        std::memcpy(into.bytes.extend(size), data, size);
    return check_length(array, into);
}

bool pack_bytes(const dbus_type& type, PyObject* value, packing& into) noexcept {
    if (PyBytes_Check(value))
        return put_bytes(PyBytes_AS_STRING(value),
                         static_cast<std::size_t>(PyBytes_GET_SIZE(value)), into);
    if (PyList_Check(value) || PyTuple_Check(value))
        return pack_list(type, value, into);
    if (!PyObject_CheckBuffer(value))
        return into.refuse_type("bytes", value);
    memory data;
    return data.get(value, PyBUF_SIMPLE) && put_bytes(data.data(), data.size(), into);
}

object unpack_bytes(const dbus_type&, GVariant* value, const unpacking&) noexcept {
    gsize size = 0;
    const auto* const data =
        static_cast<const char*>(g_variant_get_fixed_array(value, &size, sizeof(guint8)));
    return object::adopt(PyBytes_FromStringAndSize(data, static_cast<Py_ssize_t>(size)));
}

// Dictionaries ---------------------------------------------------------------------

class entries {
public:
    entries(const dbus_type& type, packing& into) noexcept
        : type_(type), into_(into), array_(into.bytes),
          is_fixed_(type.part(0).fixed_size != 0 && type.part(1).fixed_size != 0) {}

    bool pack(PyObject* key, PyObject* value) noexcept {
        into_.bytes.align(type_.alignment);
        const auto pack_member = [&](Py_ssize_t index) {
            if (index == 0)
                return type_.part(0).pack(key, into_) || into_.in_key(key);
            return type_.part(1).pack(value, into_) || into_.in_value_of(key);
        };
        if (!pack_members(type_, is_fixed_, into_, pack_member))
            return false;
        if (!is_fixed_)
            array_.end_child();
        return true;
    }

    bool finish() noexcept {
        array_.finish_array();
        return check_length(array_, into_);
    }

private:
    const dbus_type& type_;
    packing& into_;
    serialiser::container array_;
    bool is_fixed_; // each entry
};

bool pack_entries_of_dict(PyObject* dict, entries& to, packing& into) noexcept {
    const Py_ssize_t count = PyDict_GET_SIZE(dict);
    Py_ssize_t position = 0;
    PyObject *next_key = nullptr, *next_value = nullptr;
    while (PyDict_Next(dict, &position, &next_key, &next_value)) {
        const auto key = object::retain(next_key), value = object::retain(next_value);
        if (!to.pack(key.get(), value.get()))
            return false;
        if (PyDict_GET_SIZE(dict) != count)
            return refuse_change(into);
    }
    return true;
}

bool pack_entries_of_mapping(PyObject* mapping, entries& to, packing& into) noexcept {
    const auto items = object::adopt(PyMapping_Items(mapping));
    // Nobody else has the list.
    for (Py_ssize_t index = 0; items && index < PyList_GET_SIZE(items.get()); ++index) {
        PyObject* const item = PyList_GET_ITEM(items.get(), index);
        if (!PyTuple_Check(item) || PyTuple_GET_SIZE(item) != 2)
            return into.refuse(PyExc_TypeError, "items() of the %.200s gives no pairs",
                               Py_TYPE(mapping)->tp_name);
        if (!to.pack(PyTuple_GET_ITEM(item, 0), PyTuple_GET_ITEM(item, 1)))
            return false;
    }
    return static_cast<bool>(items);
}

bool pack_dict(const dbus_type& type, PyObject* value, packing& into) noexcept {
    const packing::nested depth(into), entry(into);
    if (!entry)
        return false;
    entries to(type, into);
    if (PyDict_CheckExact(value))
        return pack_entries_of_dict(value, to, into) && to.finish();
    switch (PyObject_IsInstance(value, mapping_class())) {
    case 1:
        return pack_entries_of_mapping(value, to, into) && to.finish();
    case 0:
        return into.refuse_type("dict", value);
    default:
        return false;
    }
}

object unpack_dict(const dbus_type& type, GVariant* value, const unpacking& from) noexcept {
    auto dict = object::adopt(PyDict_New());
    const gsize count = g_variant_n_children(value);
    for (gsize index = 0; dict && index < count; ++index) {
        const auto entry = child_of(value, index);
        const object key = type.part(0).unpack(child_of(entry, 0), from);
        const object inside = key ? type.part(1).unpack(child_of(entry, 1), from) : object();
        if (!inside || PyDict_SetItem(dict.get(), key.get(), inside.get()) < 0)
            return {};
    }
    return dict;
}

// Tuples ---------------------------------------------------------------------------

bool pack_tuple(const dbus_type& type, PyObject* value, packing& into) noexcept {
    const packing::nested depth(into);
    if (!depth)
        return false;
    if (!PyTuple_Check(value) && !PyList_Check(value))
        return into.refuse_type("tuple", value);
    // A list may change while it is packed.
    const auto items =
        PyTuple_Check(value) ? object::retain(value) : object::adopt(PyList_AsTuple(value));
    if (!items)
        return false;
    if (PyTuple_GET_SIZE(items.get()) != type.count())
        return into.refuse(PyExc_TypeError, "expected %zd items, not %zd", type.count(),
                           PyTuple_GET_SIZE(items.get()));
    return pack_members(type, type.fixed_size != 0, into, [&](Py_ssize_t index) {
        return type.part(index).pack(PyTuple_GET_ITEM(items.get(), index), into) ||
               into.in_item(index);
    });
}

const dbus_shape shapes[] = {
    {"list", pack_list, unpack_list},
    {"bytes", pack_bytes, unpack_bytes},
    {"dict", pack_dict, unpack_dict},
    {"tuple", pack_tuple, unpack_members},
};

} // namespace

object unpack_members(const dbus_type& type, GVariant* value, const unpacking& from) noexcept {
    auto tuple = object::adopt(PyTuple_New(type.count()));
    for (Py_ssize_t index = 0; tuple && index < type.count(); ++index) {
        object item = type.part(index).unpack(child_of(value, static_cast<gsize>(index)), from);
        if (!item)
            return {};
        PyTuple_SET_ITEM(tuple.get(), index, item.release());
    }
    return tuple;
}

const dbus_shape* container_shape(std::string_view name) noexcept {
    return shape_named(shapes, name);
}

} // namespace gawait::python
