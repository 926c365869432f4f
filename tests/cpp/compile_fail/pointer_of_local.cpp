// error of clang: address of stack memory associated with local variable 'owner' returned
#include "gawait/ref.hpp"

gawait::ref<GFile> make();

GFile* returns_the_pointer_and_not_the_reference() {
    const auto owner = make();
    return owner;
}
