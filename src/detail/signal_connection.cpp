#include "gawait/detail/signal_connection.hpp"

#include <cstring>
#include <string>
#include <string_view>

namespace gawait::detail {
namespace {

/// Throws an error that begins with the place where the mistake was made.
[[noreturn]] void refuse(const std::source_location& where, const std::string& why) {
    const std::string message =
        std::string(where.file_name()) + ":" + std::to_string(where.line()) + ": gawait: " + why;
    throw error(G_IO_ERROR_INVALID_ARGUMENT, message.c_str());
}

void check_object(GObject* object, const char* name, const std::source_location& where) {
    if (!object)
        refuse(where, std::string("the object is null whose '") + name + "' is asked for");
    if (!G_IS_OBJECT(object))
        refuse(where, std::string("what '") + name + "' is asked for of is no GObject");
}

void check_name(const char* name, const std::source_location& where) {
    if (!name)
        refuse(where, "the name of the signal or property is null");
}

// GLib's locks order a connection before the calls of it; this says so in terms of C++, for tools
// that do not see into GLib.
std::atomic<unsigned> connected_count{0};

std::string quoted(const char* of, const std::string& name) {
    return "'" + std::string(of) + "::" + name + "'";
}

std::string name_of(const signal_of& signal) {
    const std::string name = g_signal_name(signal.id);
    return signal.detail ? name + "::" + g_quark_to_string(signal.detail) : name;
}

void check_parameters(const GSignalQuery& query, std::span<const gvalue_kind* const> parameters,
                      const std::source_location& where) {
    const std::string signal = "the signal " + quoted(g_type_name(query.itype), query.signal_name);
    if (query.n_params != parameters.size())
        refuse(where, signal + " has " + std::to_string(query.n_params) + " parameters, not " +
                          std::to_string(parameters.size()));
    for (std::size_t index = 0; index < parameters.size(); ++index) {
        const GType type = query.param_types[index] & ~G_SIGNAL_TYPE_STATIC_SCOPE;
        if (!becomes(type, *parameters[index]))
            refuse(where, "parameter " + std::to_string(index + 1) + " of " + signal + " is a " +
                              g_type_name(type) + ", not a " + name_of(*parameters[index]));
    }
}

void check_answer(const GSignalQuery& query, const gvalue_kind* answer,
                  const std::source_location& where) {
    const GType type = query.return_type & ~G_SIGNAL_TYPE_STATIC_SCOPE;
    const bool wanted = type != G_TYPE_NONE;
    if (wanted ? answer && stands_for(*answer, type) : !answer)
        return;
    refuse(where, "handlers of the signal " + quoted(g_type_name(query.itype), query.signal_name) +
                      " return " + (wanted ? std::string("a ") + g_type_name(type) : "nothing") +
                      ", not " + (answer ? "a " + name_of(*answer) : "nothing"));
}

} // namespace

signal_of find_signal(const emitter<GObject>& of, const char* name,
                      std::span<const gvalue_kind* const> parameters, const gvalue_kind* answer) {
    GObject* const object = of.object();
    const std::source_location& where = of.where();
    check_name(name, where);
    check_object(object, name, where);
    signal_of found{ref<GObject>::retain(object)};
    if (!g_signal_parse_name(name, G_OBJECT_TYPE(object), &found.id, &found.detail, TRUE)) {
        const std::string_view whole = name;
        const std::string plain(whole.substr(0, whole.find("::")));
        const bool known = g_signal_lookup(plain.c_str(), G_OBJECT_TYPE(object)) != 0;
        refuse(where, known ? "the signal " + quoted(G_OBJECT_TYPE_NAME(object), plain) +
                                  " takes no detail: '" + name + "'"
                            : std::string("a ") + G_OBJECT_TYPE_NAME(object) + " has no signal '" +
                                  name + "'");
    }
    GSignalQuery query;
    g_signal_query(found.id, &query);
    check_parameters(query, parameters, where);
    check_answer(query, answer, where);
    return found;
}

signal_of find_property(const emitter<GObject>& of, const char* name, const gvalue_kind& kind) {
    GObject* const object = of.object();
    const std::source_location& where = of.where();
    check_name(name, where);
    check_object(object, name, where);
    const GParamSpec* const property =
        g_object_class_find_property(G_OBJECT_GET_CLASS(object), name);
    if (!property)
        refuse(where,
               std::string("a ") + G_OBJECT_TYPE_NAME(object) + " has no property '" + name + "'");
    const std::string called =
        "the property '" + std::string(g_type_name(property->owner_type)) + ":" + name + "'";
    if (!(property->flags & G_PARAM_READABLE))
        refuse(where, called + " cannot be read");
    if (!becomes(property->value_type, kind))
        refuse(where,
               called + " is a " + g_type_name(property->value_type) + ", not a " + name_of(kind));
    return {ref<GObject>::retain(object), g_signal_lookup("notify", G_TYPE_OBJECT),
            g_quark_from_string(property->name)};
}

const char* handler_of(const signal_of& signal) {
    return g_intern_string(("a handler of the signal '" + name_of(signal) + "'").c_str());
}

void require_object(const signal_of& signal) {
    if (!signal.object) [[unlikely]]
        throw moved_from_error(("gawait: the signal '" + name_of(signal) + "'").c_str());
}

error signal_gone_error(guint signal) {
    const std::string message = std::string("gawait: the object was disposed of, or the handler "
                                            "disconnected, while its signal '") +
                                g_signal_name(signal) + "' was awaited";
    return error(G_IO_ERROR_CLOSED, message.c_str());
}

signal_connection::signal_connection() noexcept { g_weak_ref_init(&object_, nullptr); }

signal_connection::~signal_connection() { g_weak_ref_clear(&object_); }

void signal_connection::connect(const std::shared_ptr<signal_connection>& handler,
                                const signal_of& signal) {
    g_weak_ref_set(&handler->object_, signal.object.get());
    GClosure* const closure = g_closure_new_simple(sizeof(GClosure), handler.get());
    g_closure_set_marshal(closure, marshal);
    g_closure_add_finalize_notifier(closure, handler.get(), finalize);
    handler->self_ = handler;
    connected_count.fetch_add(1, std::memory_order_release);
    handler->handler_ =
        g_signal_connect_closure_by_id(signal.object, signal.id, signal.detail, closure, FALSE);
    if (handler->disconnected()) // by a call in another thread, which knew of no id
        handler->let_go();
}

void signal_connection::disconnect() noexcept {
    {
        const std::lock_guard guard(lock_);
        if (disconnected_.exchange(true, std::memory_order_acq_rel))
            return;
    }
    let_go();
}

void signal_connection::let_go() noexcept {
    const auto object = ref<GObject>::adopt(static_cast<GObject*>(g_weak_ref_get(&object_)));
    // One that was disposed of has let go of its handlers.
    if (object && g_signal_handler_is_connected(object, handler_))
        g_signal_handler_disconnect(object, handler_);
}

void signal_connection::marshal(GClosure* closure, GValue* answer, guint /*count*/,
                                const GValue* arguments, gpointer /*hint*/,
                                gpointer /*data*/) noexcept {
    connected_count.load(std::memory_order_acquire);
    auto& self = *static_cast<signal_connection*>(closure->data);
    const std::lock_guard guard(self.lock_);
    if (!self.disconnected())
        self.emitted(arguments, answer);
}

void signal_connection::finalize(gpointer data, GClosure* /*closure*/) noexcept {
    const auto self = std::move(static_cast<signal_connection*>(data)->self_);
    self->ended();
}

} // namespace gawait::detail
