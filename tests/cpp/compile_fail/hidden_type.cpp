// error: gawait: specialise ref_traits for this type
#include "gawait/ref.hpp"

struct SecretValue;

auto guesses_that_it_is_an_object(SecretValue* value) {
    return gawait::ref<SecretValue>::retain(value);
}
