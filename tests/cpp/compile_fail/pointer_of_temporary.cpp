// error of clang: temporary whose address is used as value of local variable 'kept'
#include "gawait/ref.hpp"

gawait::ref<GFile> make();

char* keeps_the_pointer_and_not_the_reference() {
    GFile* kept = make();
    return g_file_get_path(kept);
}
