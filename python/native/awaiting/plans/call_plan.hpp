#pragma once

#include "awaiting/plans/from_c.hpp"
#include "awaiting/plans/to_c.hpp"

#include <gio/gio.h>

#include <array>
#include <memory>
#include <optional>
#include <span>

namespace gawait::python {

/// The functions of GIO's streams that move bytes.
enum class stream_function {
    none,
    read,
    read_all,
    read_bytes,
    skip,
    write,
    write_all,
    write_bytes
};

/// A start for which everything is converted. Some of it may be the caller's.
struct start_call {
    std::array<c_value, c_function::most_arguments> values;
    call_memory memory;
    Py_ssize_t unfit = 0; // the position of the argument that was not converted
};

/// How an asynchronous function is started.
class start_plan {
public:
    /// Reads what plans.py says of it; false if it is no plan, or there is no such function.
    bool read(PyObject* described) noexcept;

    /// Returns false if that was not possible: with an exception set, or without if PyGObject is
    /// to take the call, or to say what is wrong with it.
    ///
    /// @param bound what the function is bound to; null if that is the first of the values
    bool convert(PyObject* bound, PyObject* values, start_call& into) const noexcept;

    /// Calls the function, without the GIL. What `memory.kept` was has to live until the operation
    /// has ended.
    void call(start_call& converted, GCancellable* cancellable, GAsyncReadyCallback ready,
              void* data) const noexcept;

    /// Which of the functions it is that streams over descriptors need not be asked for.
    stream_function of_stream() const noexcept { return of_stream_; }

    /// Whether it writes into a buffer of the caller's, which PyGObject cannot do.
    bool fills() const noexcept { return fills_; }

private:
    enum class role { given, cancellable, ready, data, length, null, written };

    struct argument : parameter {
        role is = role::given;
    };

    bool read_argument(PyObject* described) noexcept;

    c_function function_;
    std::vector<argument> arguments_;
    stream_function of_stream_ = stream_function::none;
    bool fills_ = false;
};

/// How its operation is finished.
class finish_plan {
public:
    /// As `start_plan::read()`.
    bool read(PyObject* described) noexcept;

    /// What the function gives to Python; null with an exception set if it fails. No value if the
    /// source is not what the function takes.
    std::optional<object> finish(GObject* source, GAsyncResult* finished) const noexcept;

    /// What it would give to Python, of results that are known: what the function returns, and what
    /// its arguments point to.
    ///
    /// @param failure if there is one, it is taken over and raised instead
    object give(std::span<c_value> results, GError* failure) const noexcept;

private:
    object convert(std::span<c_value> values) const noexcept;

    c_function function_;
    // What its arguments are, besides the last one, for an error: one of these, or a result.
    static constexpr int source_place = -1, finished_place = -2;
    std::vector<int> order_;
    GType source_ = G_TYPE_INVALID; // if it takes the source
    bool source_may_be_null_ = false;
    bool throws_ = false;
    std::vector<result> results_; // what it returns, and what its arguments point to
    Py_ssize_t shown_ = 0;
    object tuple_; // class: of what Python gets if that is more than one
};

/// How an asynchronous function is called without PyGObject: made once of what its typelib says.
struct call_plan {
    start_plan start;
    finish_plan finish;

    /// Null without an exception if there is no plan.
    static std::shared_ptr<const call_plan> of(PyObject* described) noexcept;
};

} // namespace gawait::python
