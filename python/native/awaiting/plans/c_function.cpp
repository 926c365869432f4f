#include "awaiting/plans/c_function.hpp"

#include <dlfcn.h>

#include <utility>

namespace gawait::python {
namespace {

/// Of an integer that was returned as wide as a register, which matters where the first bytes of
/// an integer are the high ones.
void narrow(c_value& value, const ffi_type& type) noexcept {
    if (type.type == FFI_TYPE_FLOAT || type.type == FFI_TYPE_VOID)
        return;
    if (type.size == 1)
        value.uint8 = static_cast<guint8>(value.widened);
    else if (type.size == 2)
        value.uint16 = static_cast<guint16>(value.widened);
    else if (type.size == 4 && sizeof(ffi_arg) > 4)
        value.uint32 = static_cast<guint32>(value.widened);
}

} // namespace

bool c_function::find(const char* symbol, std::vector<ffi_type*> arguments,
                      ffi_type* result) noexcept {
    types_ = std::move(arguments);
    function_ = reinterpret_cast<void (*)()>(dlsym(RTLD_DEFAULT, symbol));
    return function_ && types_.size() <= most_arguments &&
           ffi_prep_cif(&interface_, FFI_DEFAULT_ABI, static_cast<unsigned>(types_.size()), result,
                        types_.data()) == FFI_OK;
}

void c_function::call(void** arguments, c_value& result) const noexcept {
    ffi_call(&interface_, function_, &result, arguments);
    narrow(result, *interface_.rtype);
}

guint64 unsigned_of(const c_value& value, const ffi_type& type) noexcept {
    switch (type.size) {
    case 1:
        return value.uint8;
    case 2:
        return value.uint16;
    case 4:
        return value.uint32;
    default:
        return value.uint64;
    }
}

void set_unsigned(c_value& value, const ffi_type& type, guint64 number) noexcept {
    switch (type.size) {
    case 1:
        value.uint8 = static_cast<guint8>(number);
        break;
    case 2:
        value.uint16 = static_cast<guint16>(number);
        break;
    case 4:
        value.uint32 = static_cast<guint32>(number);
        break;
    default:
        value.uint64 = number;
    }
}

} // namespace gawait::python
