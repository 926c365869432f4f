#pragma once

#include "gawait/signal.hpp"

#include <cstddef>

namespace gawait {
namespace detail {

/// A `GValue` with the value of a property.
class property_value {
public:
    property_value(GObject* object, const char* name) noexcept {
        g_object_get_property(object, name, &value_);
    }
    property_value(const property_value&) = delete;
    property_value& operator=(const property_value&) = delete;
    ~property_value() { g_value_unset(&value_); }

    const GValue* get() const noexcept { return &value_; }

private:
    GValue value_ = G_VALUE_INIT;
};

} // namespace detail

/// A property of an object, with the type that `gvalue_traits` has for it.
///
///     object_property<bool> active(service, "active");
///     bool now = active.get();
///     bool next = co_await active;
///
/// An await gives the value after the next change, as `notify` tells of it: objects do so when a
/// property is set, which may be to what it was. `gawait-gen` writes a function for each property
/// of a class which gives one of these. It holds a reference to the object, as a `ref` does; what
/// waits or is connected does not.
template <class T> class object_property : public detail::observed<void, T> {
public:
    using value_type = T;

    /// @throws error `G_IO_ERROR_INVALID_ARGUMENT`, with the file and line of the call, if the
    ///     object is null or has no such property, it cannot be read, or is of another type.
    object_property(const emitter<GObject>& object, const char* name)
        : detail::observed<void, T>(detail::find_property(object, name, gvalue_traits<T>::kind),
                                    read) {}

    /// The value.
    T get() const {
        const auto& [object, id, name] = this->signal();
        return gvalue_traits<T>::get(detail::property_value(object, g_quark_to_string(name)).get());
    }

    /// Iterates over the values after each change from now on.
    ///
    /// @param most how many are kept between two steps; of more the oldest go.
    emissions<T> values(std::size_t most = kept_emissions) const { return this->kept(most); }

private:
    // Of the handler of "notify": the object and the GParamSpec.
    static T read(const GValue* arguments) {
        auto* const object = static_cast<GObject*>(g_value_get_object(arguments));
        const GParamSpec* const changed = g_value_get_param(arguments + 1);
        return gvalue_traits<T>::get(detail::property_value(object, changed->name).get());
    }
};

} // namespace gawait
