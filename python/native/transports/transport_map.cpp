#include "transports/transport_map.hpp"

#include <limits>
#include <memory>
#include <vector>

namespace gawait::python {
namespace {

struct transport_map {
    PyObject_HEAD std::vector<object> references; // weak, by descriptor; empty where there was none
};

std::vector<object>& references_of(PyObject* self) noexcept {
    return reinterpret_cast<transport_map*>(self)->references;
}

/// The place of a descriptor. None with a KeyError set if it is none.
bool to_index(PyObject* key, std::size_t& index) noexcept {
    const long fd = PyLong_Check(key) ? PyLong_AsLong(key) : -1;
    PyErr_Clear();
    if (fd < 0 || fd > std::numeric_limits<int>::max()) {
        PyErr_SetObject(PyExc_KeyError, key);
        return false;
    }
    index = static_cast<std::size_t>(fd);
    return true;
}

/// Empty with a KeyError set if there is none.
object find(PyObject* self, PyObject* key) noexcept {
    const auto& references = references_of(self);
    std::size_t index = 0;
    if (!to_index(key, index))
        return {};
    object found =
        index < references.size() && references[index] ? referred_to(references[index]) : object();
    if (!found)
        PyErr_SetObject(PyExc_KeyError, key);
    return found;
}

PyObject* subscript(PyObject* self, PyObject* key) { return find(self, key).release(); }

int assign(PyObject* self, PyObject* key, PyObject* transport_or_null) {
    auto& references = references_of(self);
    std::size_t index = 0;
    if (!transport_or_null) {
        if (!find(self, key) || !to_index(key, index))
            return -1;
        references[index] = object();
        return 0;
    }
    auto made = object::adopt(PyWeakref_NewRef(transport_or_null, nullptr));
    if (!made)
        return -1;
    if (!to_index(key, index)) { // a mock's, that nobody looks for
        PyErr_Clear();
        return 0;
    }
    if (index >= references.size())
        references.resize(index + 1);
    references[index] = std::move(made);
    return 0;
}

int contains(PyObject* self, PyObject* key) {
    const bool found = bool(find(self, key));
    PyErr_Clear();
    return found;
}

PyObject* get(PyObject* self, PyObject* const* arguments, Py_ssize_t count) {
    if (count < 1 || count > 2) {
        PyErr_Format(PyExc_TypeError, "get() takes 1 or 2 arguments, not %zd", count);
        return nullptr;
    }
    object found = find(self, arguments[0]);
    PyErr_Clear();
    return found ? found.release() : Py_NewRef(count > 1 ? arguments[1] : Py_None);
}

PyObject* create(PyTypeObject* type, PyObject*, PyObject*) {
    PyObject* const created = type->tp_alloc(type, 0);
    if (created)
        std::construct_at(&references_of(created));
    return created;
}

void deallocate(PyObject* self) {
    std::destroy_at(&references_of(self));
    PyTypeObject* const type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

PyMethodDef methods[] = {
    {"get", method(get), METH_FASTCALL, nullptr},
    {},
};

PyType_Slot slots[] = {
    {Py_tp_doc, const_cast<char*>("The transports of a loop by their descriptors.")},
    {Py_tp_new, slot(create)},
    {Py_tp_dealloc, slot(deallocate)},
    {Py_mp_subscript, slot(subscript)},
    {Py_mp_ass_subscript, slot(assign)},
    {Py_sq_contains, slot(contains)},
    {Py_tp_methods, methods},
    {},
};

PyType_Spec specification = {
    .name = "gawait._native.TransportMap",
    .basicsize = sizeof(transport_map),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = slots,
};

} // namespace

bool add_transport_map(PyObject* module) noexcept { return add_type(module, specification); }

} // namespace gawait::python
