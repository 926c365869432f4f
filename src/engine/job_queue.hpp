#pragma once

#include "gawait/engine/job.hpp"

#include <cstddef>
#include <optional>
#include <utility>

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

    void push_front(job& work) noexcept {
        work.next_ = first_;
        if (size_++ == 0)
            last_ = &work;
        first_ = &work;
    }

    /// The queue must not be empty.
    job& pop() noexcept {
        job& work = *first_;
        first_ = work.next_;
        --size_;
        return work;
    }

    /// @return how many jobs were before it, or nothing if the job is not in the queue.
    std::optional<std::size_t> remove(job& work) noexcept {
        job* previous = nullptr;
        job* each = first_;
        for (std::size_t before = 0; before < size_; ++before) {
            if (each == &work) {
                (previous ? previous->next_ : first_) = work.next_;
                if (before == --size_)
                    last_ = previous;
                return before;
            }
            previous = std::exchange(each, each->next_);
        }
        return {};
    }

private:
    job* first_ = nullptr;
    job* last_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace gawait
