// error: gawait: specialise ref_traits for this type
#include "gawait/produce.hpp"

struct SecretValue;

using looking_up = gawait::async_pair<gawait::ref<SecretValue>, g_file_read_async>;

SecretValue* look_up_finish(GFile* file, GAsyncResult* result, GError** failure) {
    return looking_up::finish(file, result, failure);
}
