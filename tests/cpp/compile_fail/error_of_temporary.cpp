// error of clang: temporary bound to local reference 'kept'
#include "gawait/result.hpp"

gawait::result<int> make();

int keeps_the_error_and_not_the_result() {
    const gawait::error& kept = make().error();
    return kept.code();
}
