#include "awaiting/dismissal.hpp"
#include "awaiting/function_info.hpp"
#include "awaiting/operation.hpp"
#include "current_context.hpp"
#include "dbus/method_call.hpp"
#include "dbus/signal_subscription.hpp"
#include "dbus/type.hpp"
#include "dbus/wire_type.hpp"
#include "handlers/handlers.hpp"
#include "loop/call_context.hpp"
#include "loop/guest.hpp"
#include "loop/handle.hpp"
#include "loop/loop.hpp"
#include "loop/virtual_time.hpp"
#include "producing/async_result.hpp"
#include "producing/async_virtual.hpp"
#include "producing/exported.hpp"
#include "producing/pair.hpp"
#include "producing/producing.hpp"
#include "producing/production.hpp"
#include "profile.hpp"
#include "task_tree.hpp"
#include "transports/accepting.hpp"
#include "transports/datagrams.hpp"
#include "transports/pipes.hpp"
#include "transports/socket_calls.hpp"
#include "transports/stream.hpp"
#include "transports/tls.hpp"
#include "transports/transport_map.hpp"
#include "user_data.hpp"
#include "variant.hpp"

#include <pygobject.h>

namespace gawait::python {
namespace {

int execute(PyObject* module) {
    // Python itself refuses since 3.12.
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        PyErr_SetString(PyExc_ImportError,
                        "gawait cannot be imported in a subinterpreter: PyGObject cannot");
        return -1;
    }
    if (!object::adopt(pygobject_init(3, 42, 0)) || !prepare_current_context() ||
        !prepare_user_data() || !prepare_variants() || !prepare_call_context() || !prepare_guest())
        return -1;
    PyTypeObject* loop_type = add_handle_types(module) ? add_loop_type(module) : nullptr;
    // clang-format off: a line for each
    const bool complete = loop_type &&
                          add_virtual_time(module) &&
                          add_datagrams(module) &&
                          add_pipes(module) &&
                          add_socket_calls(module, loop_type) &&
                          add_stream_type(module, loop_type) &&
                          add_tls(module) &&
                          add_transport_map(module) &&
                          add_accepting(module) &&
                          add_dismissal(module) &&
                          add_operation_type(module) &&
                          add_handlers(module) &&
                          add_function_info(module) &&
                          add_producing(module) &&
                          add_production(module) &&
                          add_pair_type(module) &&
                          add_exported(module) &&
                          add_async_virtual(module) &&
                          add_dbus_types(module) &&
                          add_method_call(module) &&
                          add_signal_subscription(module) &&
                          add_wire_type(module) &&
                          add_async_result(module) &&
                          add_task_tree(module) &&
                          add_profile(module);
    // clang-format on
    return complete ? 0 : -1;
}

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, slot(execute)},
#if PY_VERSION_HEX >= 0x030C0000
    // The types and the engine are the process's.
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
    {},
};

PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "gawait._native",
    .m_doc = "What of gawait is hot.",
    .m_size = 0,
    .m_methods = nullptr,
    .m_slots = slots,
    .m_traverse = nullptr,
    .m_clear = nullptr,
    .m_free = nullptr,
};

} // namespace
} // namespace gawait::python

// NOLINTNEXTLINE(bugprone-reserved-identifier): how Python finds it.
PyMODINIT_FUNC PyInit__native() { return PyModuleDef_Init(&gawait::python::definition); }
