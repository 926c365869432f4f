#pragma once

#include "gawait/engine/unfinished.hpp"

namespace gawait {

/// A ring, so that who leaves it need not know it.
class unfinished_list : unfinished {
public:
    unfinished_list() noexcept { previous_ = next_ = this; }

    void push(unfinished& entered) noexcept {
        entered.previous_ = previous_;
        entered.next_ = this;
        previous_->next_ = &entered;
        previous_ = &entered;
    }

    /// The oldest first.
    template <class Function> void for_each(Function function) const {
        for (const unfinished* each = next_; each != this; each = each->next_)
            function(*each);
    }
};

} // namespace gawait
