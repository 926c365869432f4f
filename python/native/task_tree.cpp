#include "task_tree.hpp"

#include "gawait/detail/task_tree.hpp"
#include "gawait/engine/engine.hpp"
#include "pygobject.hpp"

#include <gio/gio.h>

#include <exception>
#include <list>

namespace gawait::python {
namespace {

object made_of(const std::list<detail::task_tree>& tasks) noexcept;

object made_of(const detail::task_tree& task) noexcept {
    object awaits = made_of(task.awaits);
    if (!awaits)
        return {};
    const auto address = [](gconstpointer of) {
        return PyLong_FromVoidPtr(const_cast<gpointer>(of));
    };
    return object::adopt(Py_BuildValue("sNNNN", task.text.c_str(), awaits.release(),
                                       address(task.begins), address(task.answers),
                                       address(task.cancellable)));
}

object made_of(const std::list<detail::task_tree>& tasks) noexcept {
    auto made = object::adopt(PyList_New(0));
    for (const auto& each : tasks) {
        const object one = made_of(each);
        if (!made || !one || PyList_Append(made.get(), one.get()) < 0)
            return {};
    }
    return made;
}

/// tasks_in_cpp(context): the `detail::task_tree`s of a context as (text, [what it awaits], begins,
/// answers, cancellable), the pointers as numbers.
PyObject* tasks_in_cpp(PyObject*, PyObject* context) {
    if (!pyg_boxed_check(context, G_TYPE_MAIN_CONTEXT)) {
        PyErr_SetString(PyExc_TypeError, "argument 'context': expected GLib.MainContext");
        return nullptr;
    }
    try {
        const auto home = engine::find(pyg_boxed_get(context, GMainContext));
        return made_of(home ? detail::tasks_of(*home) : std::list<detail::task_tree>()).release();
    } catch (const std::exception& failure) {
        PyErr_SetString(PyExc_RuntimeError, failure.what());
        return nullptr;
    }
}

/// user_data_address(result): the address of what a `Gio.AsyncResult` is called back with.
PyObject* user_data_address(PyObject*, PyObject* result) {
    GObject* const object = pygobject_get(result);
    return PyLong_FromVoidPtr(
        G_IS_ASYNC_RESULT(object) ? g_async_result_get_user_data(G_ASYNC_RESULT(object)) : nullptr);
}

PyMethodDef functions[] = {
    {"tasks_in_cpp", tasks_in_cpp, METH_O, nullptr},
    {"user_data_address", user_data_address, METH_O, nullptr},
    {},
};

} // namespace

bool add_task_tree(PyObject* module) noexcept {
    return PyModule_AddFunctions(module, functions) == 0;
}

} // namespace gawait::python
