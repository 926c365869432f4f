#pragma once

#include "gawait/engine/job.hpp"

#include <cstddef>

namespace gawait {

/// A FIFO of jobs linked through themselves. Not thread-safe.
class job_queue {
public:
    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }

    void push(job& work) noexcept {
        work.next_ = nullptr;
        if (size_++ == 0)
            first_ = &work;
        else
            last_->next_ = &work;
        last_ = &work;
    }

    /// The queue must not be empty.
    job& pop() noexcept {
        job& work = *first_;
        first_ = work.next_;
        --size_;
        return work;
    }

    /// @return false if the job is not in the queue.
    bool remove(job& work) noexcept {
        job* previous = nullptr;
        for (job* each = first_; size_ > 0 && each; previous = each, each = each->next_) {
            if (each == &work) {
                (previous ? previous->next_ : first_) = work.next_;
                if (!work.next_)
                    last_ = previous;
                --size_;
                return true;
            }
        }
        return false;
    }

private:
    job* first_ = nullptr;
    job* last_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace gawait
