#include "dbus/packing.hpp"

#include <fcntl.h>
#include <gio/gunixfdlist.h>

#include <cstdarg>

namespace gawait::python {

packing::~packing() {
    for (const int each : descriptors_)
        close(each);
}

bool packing::refuse(PyObject* exception, const char* format, ...) noexcept {
    std::va_list values;
    va_start(values, format);
    text_ = object::adopt(PyUnicode_FromFormatV(format, values));
    va_end(values);
    if (text_)
        exception_ = exception;
    return false;
}

bool packing::refuse_type(const char* expected, PyObject* given) noexcept {
    return refuse(PyExc_TypeError, "expected %s, not %.200s", expected, Py_TYPE(given)->tp_name);
}

bool packing::within(const char* format, ...) noexcept {
    if (!is_placed_)
        return false;
    object failure = PyErr_Occurred() ? take_exception() : object();
    std::va_list values;
    va_start(values, format);
    const auto place = object::adopt(PyUnicode_FromFormatV(format, values));
    va_end(values);
    if (place)
        place_ = object::adopt(place_ ? PyUnicode_FromFormat("%U: %U", place.get(), place_.get())
                                      : Py_NewRef(place.get()));
    PyErr_Clear(); // of a key that cannot be shown
    if (failure)
        raise(std::move(failure));
    return false;
}

bool packing::in_argument(PyObject* name) noexcept {
    argument_ = object::retain(name);
    return false;
}

void packing::raise_refusal(PyObject* what) noexcept {
    object failure = PyErr_Occurred() ? take_exception() : object();
    const auto argument =
        object::adopt(argument_ ? PyUnicode_FromFormat("argument '%U' of %U", argument_.get(), what)
                                : Py_NewRef(what));
    const auto whole =
        argument && place_
            ? object::adopt(PyUnicode_FromFormat("%U: %U", argument.get(), place_.get()))
            : argument;
    if (!failure) {
        if (whole)
            PyErr_Format(exception_, "%U: %U", whole.get(), text_.get());
        return;
    }
    // What a user's code raised stays what it is.
    if (!whole || !object::adopt(PyObject_CallMethod(failure.get(), "add_note", "N",
                                                     PyUnicode_FromFormat("in %U", whole.get()))))
        PyErr_Clear();
    raise(std::move(failure));
}

int packing::add_descriptor(int descriptor) noexcept {
    if (!takes_descriptors_) {
        refuse(PyExc_TypeError, "a file descriptor cannot be sent here");
        return -1;
    }
    const int duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    if (duplicate < 0) {
        raise_os_error(errno);
        return -1;
    }
    descriptors_.push_back(duplicate);
    return static_cast<int>(descriptors_.size()) - 1;
}

ref<GUnixFDList> packing::take_descriptors() noexcept {
    if (descriptors_.empty())
        return nullptr;
    auto list = ref<GUnixFDList>::adopt(
        g_unix_fd_list_new_from_array(descriptors_.data(), static_cast<int>(descriptors_.size())));
    descriptors_.clear();
    return list;
}

bool packing::enter() noexcept {
    if (++depth_ <= most_containers)
        return true;
    is_placed_ = false; // so many would be no help
    return refuse(PyExc_ValueError, "more than %d containers in one another", most_containers);
}

} // namespace gawait::python
