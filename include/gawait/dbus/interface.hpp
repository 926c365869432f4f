#pragma once

#include "gawait/dbus/detail/body.hpp"
#include "gawait/dbus/detail/handler.hpp"
#include "gawait/dbus/value.hpp"
#include "gawait/detail/api.hpp"
#include "gawait/ref.hpp"
#include "gawait/task.hpp"

#include <gio/gio.h>

#include <concepts>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace gawait::dbus {

/// What arguments are called in a description; they have no names but these.
struct argument_names {
    std::vector<std::string> in;
    std::vector<std::string> out;
};

/// How the bus is told that a property has changed, as its description says it:
/// `org.freedesktop.DBus.Property.EmitsChangedSignal`.
enum class change_signal {
    with_value,  // with its new value
    invalidates, // without
    constant,    // it never changes
    none,        // not at all
};

namespace detail {
class interface_state;
}

/// An interface that objects have: its methods and properties, each with the coroutine or the
/// function that does it, and its signals. A handle: copies are the same interface.
///
///     dbus::interface clock("org.example.Clock");
///     clock.method("Wait", [](unsigned ms) -> task<> { co_await sleep_for(milliseconds(ms)); });
///     clock.property("Rate", [&] { return rate; }, [&](double to) { rate = to; });
///     clock.signal<unsigned>("Ticked");
///
/// Its description for other programs is made of the handlers' types; or it is given, and then the
/// types must be the description's.
///
/// A handler is a callable that is no template. What it takes are the arguments, perhaps after a
/// `const invocation&`; what it returns is the answer, of which a `std::tuple` is several and void
/// none, or a task of that. The handlers are kept as long as the interface is, and as long as a
/// call of it runs.
///
/// Objects have it by `exported`. It is complete by then: nothing can be added afterwards. It is
/// used in the thread in which its calls run.
class GAWAIT_API interface {
public:
    /// @throws value_error if it is no name of an interface, or that of one which every object has
    ///     from GDBus: `org.freedesktop.DBus.Properties`, `Introspectable` and `Peer` there.
    explicit interface(std::string_view name);

    /// @param description XML, a `<node>` with the interface in it.
    /// @throws value_error if there is none of that name.
    /// @throws gawait::error of `G_MARKUP_ERROR`, as GDBus reads it.
    interface(std::string_view name, std::string_view description);

    // Not moved but copied, so that each is the interface.
    interface(const interface&) noexcept = default;
    interface& operator=(const interface&) noexcept = default;
    ~interface() = default;

    const std::string& name() const noexcept GAWAIT_LIFETIMEBOUND;

    /// Adds a method.
    ///
    /// @throws value_error if it is no name, there is one already, or the description has none or
    ///     one of other types.
    /// @throws gawait::error `G_IO_ERROR_BUSY` if the interface was exported already.
    template <class Handler>
    interface& method(std::string_view name, Handler handler, argument_names names = {}) {
        using traits = detail::handler_traits<Handler>;
        using arguments = typename traits::arguments;
        add_method(name, detail::body<arguments>::signature,
                   detail::body<typename traits::result>::signature, std::move(names),
                   detail::method_of<arguments>(std::move(handler)));
        return *this;
    }

    /// Adds a property that can be read.
    ///
    /// @param getter takes nothing, and gives the value or a task of it. What it throws is the
    ///     answer to who asks for it; who asks for all gets the others, and what it throws goes to
    ///     the unobserved exception handler.
    /// @throws as `method()`
    template <class Getter>
    interface& property(std::string_view name, Getter getter,
                        change_signal told = change_signal::with_value) {
        using value_type = typename detail::handler_traits<Getter>::result;
        add_property(name, signature_of<value_type>(), detail::getter_of(std::move(getter)), {},
                     told);
        return *this;
    }

    /// One that can be written, too.
    ///
    /// @param getter null for one that can only be written.
    /// @param setter takes the value, perhaps after a `const invocation&`; gives nothing or a
    ///     `task<>`. It says by `changed()` that it has changed the value.
    /// @throws as `method()`
    template <class Getter, class Setter>
        requires(!std::is_same_v<Setter, change_signal>)
    interface& property(std::string_view name, Getter getter, Setter setter,
                        change_signal told = change_signal::with_value) {
        using arguments = typename detail::handler_traits<Setter>::arguments;
        static_assert(std::tuple_size_v<arguments> == 1,
                      "gawait::dbus: the setter of a property takes its value");
        using value_type = std::tuple_element_t<0, arguments>;
        detail::getter_function get;
        if constexpr (!std::is_null_pointer_v<Getter>) {
            static_assert(signature_of<typename detail::handler_traits<Getter>::result>() ==
                              signature_of<value_type>(),
                          "gawait::dbus: the getter of a property gives what its setter takes");
            get = detail::getter_of(std::move(getter));
        }
        add_property(name, signature_of<value_type>(), std::move(get),
                     detail::method_of<detail::boxed<value_type>>(std::move(setter)), told);
        return *this;
    }

    /// Adds a signal that carries these.
    ///
    /// @throws as `method()`
    template <class... Arguments>
    interface& signal(std::string_view name, std::vector<std::string> names = {}) {
        add_signal(name, detail::body<std::tuple<Arguments...>>::signature, std::move(names));
        return *this;
    }

    /// Sends a signal from each object that has the interface.
    ///
    /// @throws value_error if the interface has no such signal, or one of other types; or if an
    ///     argument is none of D-Bus; or if they are too large or too deep for a message.
    template <class... Arguments>
    void emit(std::string_view signal, const Arguments&... arguments) const {
        send(signal, detail::signal_body(arguments...));
    }

    /// Tells that a property has changed, of each object: with the value, or without it if the
    /// property is one that invalidates.
    ///
    /// @throws value_error if there is no such property, or one of another type; or if the value is
    ///     too large or too deep for a message.
    template <class T> void changed(std::string_view property, const T& value) const {
        send_change(property, to_variant(value));
    }

    /// The same without a value, which is asked for then.
    void invalidated(std::string_view property) const;

    /// All properties with their values, but those whose getters throw: what these throw goes to
    /// the unobserved exception handler.
    task<vardict> get_all() const;

    /// For `exported`.
    const std::shared_ptr<detail::interface_state>& state() const noexcept { return state_; }

private:
    void add_method(std::string_view name, std::string_view in, std::string_view out,
                    argument_names names, detail::method_function function);
    void add_property(std::string_view name, std::string_view type, detail::getter_function getter,
                      detail::setter_function setter, change_signal told);
    void add_signal(std::string_view name, std::string_view types, std::vector<std::string> names);
    void send(std::string_view signal, ref<GVariant> body) const;
    void send_change(std::string_view property, ref<GVariant> value) const;

    std::shared_ptr<detail::interface_state> state_;
};

/// The interfaces of an object: one, or several in braces. Besides `interface`, whatever converts
/// to one.
//
// Not a std::vector: g++ 12 cannot have a std::initializer_list in an expression with co_await.
class interface_list {
public:
    template <class... Interface>
        requires(sizeof...(Interface) > 0 &&
                 (std::convertible_to<const Interface&, interface> && ...))
    interface_list(const Interface&... each) {
        all_.reserve(sizeof...(Interface));
        (all_.push_back(each), ...);
    }

    interface_list(std::vector<interface> all) noexcept : all_(std::move(all)) {}

    auto begin() const noexcept GAWAIT_LIFETIMEBOUND { return all_.begin(); }
    auto end() const noexcept GAWAIT_LIFETIMEBOUND { return all_.end(); }

private:
    std::vector<interface> all_;
};

} // namespace gawait::dbus
