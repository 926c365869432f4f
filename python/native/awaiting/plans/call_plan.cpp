#include "awaiting/plans/call_plan.hpp"

#include "pygobject.hpp"

#include <string_view>
#include <utility>

namespace gawait::python {
namespace {

using c_values = std::array<c_value, c_function::most_arguments>;
using c_pointers = std::array<void*, c_function::most_arguments>;

template <class Element> bool set_class(Element& to, PyObject* of) noexcept {
    if (of == Py_None)
        return true;
    to.of = object::retain(of);
    to.gtype = pyg_type_from_object(of);
    return to.gtype != G_TYPE_INVALID;
}

} // namespace

bool start_plan::read_argument(PyObject* described) noexcept {
    const char *kind = nullptr, *is = nullptr;
    PyObject* of = nullptr;
    int may_be_null = 0;
    argument made;
    if (!PyArg_ParseTuple(described, "ssnpO", &is, &kind, &made.position, &may_be_null, &of) ||
        !set_kind(made, kind) || !set_class(made, of))
        return false;
    made.may_be_null = may_be_null;
    static constexpr std::pair<std::string_view, role> roles[] = {
        {"given", role::given},    {"cancellable", role::cancellable}, {"ready", role::ready},
        {"data", role::data},      {"length", role::length},           {"null", role::null},
        {"written", role::written}};
    for (const auto& [name, value] : roles)
        if (name == is)
            made.is = value;
    fills_ = fills_ || std::string_view(kind) == "buffer";
    arguments_.push_back(std::move(made));
    return true;
}

namespace {

stream_function stream_function_of(std::string_view symbol) noexcept {
    static constexpr std::pair<std::string_view, stream_function> functions[] = {
        {"g_input_stream_read_async", stream_function::read},
        {"g_input_stream_read_all_async", stream_function::read_all},
        {"g_input_stream_read_bytes_async", stream_function::read_bytes},
        {"g_input_stream_skip_async", stream_function::skip},
        {"g_output_stream_write_async", stream_function::write},
        {"g_output_stream_write_all_async", stream_function::write_all},
        {"g_output_stream_write_bytes_async", stream_function::write_bytes},
    };
    for (const auto& [name, function] : functions)
        if (name == symbol)
            return function;
    return stream_function::none;
}

} // namespace

bool start_plan::read(PyObject* described) noexcept {
    const char* symbol = nullptr;
    PyObject* arguments = nullptr;
    if (!PyArg_ParseTuple(described, "sO!", &symbol, &PyTuple_Type, &arguments))
        return false;
    std::vector<ffi_type*> types;
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(arguments); ++index) {
        if (!read_argument(PyTuple_GET_ITEM(arguments, index)))
            return false;
        types.push_back(arguments_.back().type);
    }
    of_stream_ = stream_function_of(symbol);
    return function_.find(symbol, std::move(types), &ffi_type_void);
}

bool start_plan::convert(PyObject* bound, PyObject* values, start_call& into) const noexcept {
    for (std::size_t index = 0; index < arguments_.size(); ++index) {
        const argument& to = arguments_[index];
        if (to.is != role::given)
            continue;
        const Py_ssize_t position = to.position - (bound ? 1 : 0);
        PyObject* const given = position < 0 ? bound : PyTuple_GET_ITEM(values, position);
        if (!to.convert(to, given, into.values[index], into.memory)) {
            into.unfit = to.position;
            return false;
        }
    }
    return true;
}

void start_plan::call(start_call& converted, GCancellable* cancellable, GAsyncReadyCallback ready,
                      void* data) const noexcept {
    c_pointers pointers;
    c_value written{}; // by functions that give out something at once, which nobody gets
    for (std::size_t index = 0; index < arguments_.size(); ++index) {
        c_value& value = converted.values[index];
        pointers[index] = &value;
        switch (arguments_[index].is) {
        case role::given:
            break;
        case role::cancellable:
            value.pointer = cancellable;
            break;
        case role::ready:
            value.pointer = reinterpret_cast<void*>(ready);
            break;
        case role::data:
            value.pointer = data;
            break;
        case role::length:
            set_unsigned(value, *arguments_[index].type,
                         static_cast<guint64>(converted.memory.kept_length));
            break;
        case role::null:
            value.pointer = nullptr;
            break;
        case role::written:
            value.pointer = &written;
        }
    }
    c_value nothing;
    const without_gil released;
    function_.call(pointers.data(), nothing);
}

namespace {

bool read_result(PyObject* described, result& made) noexcept {
    const char* kind = nullptr;
    PyObject *of = nullptr, *item = nullptr;
    int owned = 0, shown = 0;
    if (!PyArg_ParseTuple(described, "sppiOO", &kind, &owned, &shown, &made.length_in, &of,
                          &item) ||
        !set_kind(made, kind) || !set_class(made, of))
        return false;
    made.owned = owned;
    made.shown = shown;
    if (item == Py_None)
        return true;
    auto element = std::make_unique<result>();
    const bool read = read_result(item, *element);
    made.item = std::move(element);
    return read;
}

} // namespace

bool finish_plan::read(PyObject* described) noexcept {
    const char* symbol = nullptr;
    PyObject *source = nullptr, *order = nullptr, *results = nullptr, *tuple = nullptr;
    int throws = 0, may_be_null = 0;
    if (!PyArg_ParseTuple(described, "sOppO!O!O", &symbol, &source, &may_be_null, &throws,
                          &PyTuple_Type, &order, &PyTuple_Type, &results, &tuple))
        return false;
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(order); ++index)
        order_.push_back(static_cast<int>(PyLong_AsLong(PyTuple_GET_ITEM(order, index))));
    throws_ = throws;
    source_may_be_null_ = may_be_null;
    if (source != Py_None)
        source_ = pyg_type_from_object(source);
    if (tuple != Py_None)
        tuple_ = object::retain(tuple);
    for (Py_ssize_t index = 0; index < PyTuple_GET_SIZE(results); ++index) {
        if (!read_result(PyTuple_GET_ITEM(results, index), results_.emplace_back()))
            return false;
        shown_ += results_.back().shown;
    }
    return function_.find(
        symbol, std::vector<ffi_type*>(order_.size() + (throws_ ? 1 : 0), &ffi_type_pointer),
        results_[0].type);
}

std::optional<object> finish_plan::finish(GObject* source, GAsyncResult* finished) const noexcept {
    const bool fits = source ? g_type_is_a(G_OBJECT_TYPE(source), source_) : source_may_be_null_;
    if (source_ != G_TYPE_INVALID && !fits)
        return {};
    c_values passed;
    c_values results{};
    c_pointers pointers;
    std::size_t count = 0;
    const auto pass = [&](void* pointer) {
        passed[count].pointer = pointer;
        pointers[count] = &passed[count];
        ++count;
    };
    for (const int place : order_)
        if (place == source_place)
            pass(source);
        else if (place == finished_place)
            pass(finished);
        else
            pass(&results[static_cast<std::size_t>(place)]);
    GError* error = nullptr;
    if (throws_)
        pass(static_cast<void*>(&error));
    {
        const without_gil released;
        function_.call(pointers.data(), results[0]);
    }
    return give({results.data(), results_.size()}, error);
}

object finish_plan::give(std::span<c_value> results, GError* failure) const noexcept {
    return pyg_error_check(&failure) ? object() : convert(results);
}

object finish_plan::convert(std::span<c_value> values) const noexcept {
    object several;
    if (shown_ > 1) {
        auto* const type = reinterpret_cast<PyTypeObject*>(tuple_.get());
        several = object::adopt(type->tp_alloc(type, shown_));
    }
    object made = several ? several : object::retain(Py_None);
    object failure = PyErr_Occurred() ? take_exception() : object();
    Py_ssize_t next = 0;
    // Also after a failure, since it frees them.
    for (std::size_t index = 0; index < values.size(); ++index) {
        const result& from = results_[index];
        const gsize length =
            from.length_in < 0
                ? 0
                : unsigned_of(values[static_cast<std::size_t>(from.length_in)],
                              *results_[static_cast<std::size_t>(from.length_in)].type);
        object value = from.convert(from, values[index], length);
        if (!value) {
            failure = take_exception();
        } else if (from.shown && several) {
            PyTuple_SET_ITEM(several.get(), next++, value.release());
        } else if (from.shown) {
            made = std::move(value);
        }
    }
    if (failure) {
        raise(std::move(failure));
        return {};
    }
    return made;
}

std::shared_ptr<const call_plan> call_plan::of(PyObject* described) noexcept {
    PyObject *start = nullptr, *finish = nullptr;
    auto made = std::make_shared<call_plan>();
    if (PyTuple_Check(described) && PyArg_ParseTuple(described, "OO", &start, &finish) &&
        made->start.read(start) && made->finish.read(finish))
        return made;
    PyErr_Clear();
    return nullptr;
}

} // namespace gawait::python
