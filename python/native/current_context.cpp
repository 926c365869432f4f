#include "current_context.hpp"

#include "gawait/ref.hpp"
#include "loop/loop.hpp"
#include "pygobject.hpp"

namespace gawait::python {
namespace {

PyObject* context_name;

} // namespace

bool in_current_context(PyObject* loop) noexcept {
    const auto current = ref<GMainContext>::adopt(g_main_context_ref_thread_default());
    if (is_loop(loop) && loop_of(loop).context) [[likely]] // it is decided
        return loop_of(loop).context == current;
    const auto boxed = object::adopt(PyObject_GetAttr(loop, context_name));
    if (!boxed) {
        if (PyErr_ExceptionMatches(PyExc_AttributeError))
            PyErr_Clear();
        return false;
    }
    return pyg_boxed_check(boxed.get(), G_TYPE_MAIN_CONTEXT) &&
           pyg_boxed_get(boxed.get(), GMainContext) == current;
}

bool check_context(PyObject* loop) noexcept {
    if (in_current_context(loop))
        return true;
    if (!PyErr_Occurred())
        PyErr_SetString(PyExc_RuntimeError,
                        "the running event loop does not iterate the GLib.MainContext that the "
                        "operation would call back in, which is the thread-default one");
    return false;
}

bool prepare_current_context() noexcept {
    context_name = PyUnicode_InternFromString("_context");
    return context_name;
}

} // namespace gawait::python
