#pragma once

#include <ffi.h>
#include <glib.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace gawait::python {

/// What libffi reads an argument from, or writes a result to.
union c_value {
    gint8 int8;
    guint8 uint8;
    gint16 int16;
    guint16 uint16;
    gint32 int32;
    guint32 uint32;
    gint64 int64;
    guint64 uint64;
    gfloat float32;
    gdouble float64;
    void* pointer;
    ffi_arg widened; // an integer that a function returns is as wide as a register
};

// An integer of a type, as that of an array's length.
guint64 unsigned_of(const c_value&, const ffi_type&) noexcept;
void set_unsigned(c_value&, const ffi_type&, guint64 number) noexcept;

/// Sets the type of an argument or result and its conversion, as a table of kinds has them. False
/// if there is no kind of that name.
template <class Value, class Kind, std::size_t Count>
bool set_by_name(Value& of, const Kind (&kinds)[Count], std::string_view name) noexcept {
    for (const Kind& each : kinds)
        if (each.name == name) {
            of.type = each.type;
            of.convert = each.convert;
            return true;
        }
    return false;
}

/// A C function of a loaded library, which is called by what its typelib says of it.
class c_function {
public:
    /// More arguments than that are not for us.
    static constexpr std::size_t most_arguments = 24;

    /// Whether there is such a function. GLib loads libraries of typelibs for all to see.
    bool find(const char* symbol, std::vector<ffi_type*> arguments, ffi_type* result) noexcept;

    /// @param arguments for each, where it is
    void call(void** arguments, c_value& result) const noexcept;

private:
    std::vector<ffi_type*> types_; // `interface_` points there
    // libffi takes it as not const, and only reads it.
    mutable ffi_cif interface_{};
    void (*function_)() = nullptr;
};

} // namespace gawait::python
