// error: gawait::weak_ref: this type is not known to be a GObject or an interface
#include "gawait/ref.hpp"

bool watches_what_has_no_weak_references(GBytes* bytes) {
    gawait::weak_ref<GBytes> watch(bytes);
    return bool(watch.lock());
}
