#pragma once

#include "gawait/engine/in_flight.hpp"

namespace gawait {

/// A ring, so that who leaves it need not know it.
class in_flight_list : in_flight {
public:
    in_flight_list() noexcept { previous_ = next_ = this; }

    void push(in_flight& entered) noexcept {
        entered.previous_ = previous_;
        entered.next_ = this;
        previous_->next_ = &entered;
        previous_ = &entered;
    }

    /// The oldest first.
    template <class Function> void for_each(Function function) const {
        for (const in_flight* each = next_; each != this; each = each->next_)
            function(*each);
    }
};

} // namespace gawait
