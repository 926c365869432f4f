#include "gawait/testing/virtual_time.hpp"

namespace gawait {

virtual_time::virtual_time(GMainContext* context) : home_(engine::get(context)) {
    home_->begin_virtual_time();
}

virtual_time::~virtual_time() { home_->end_virtual_time(); }

} // namespace gawait
