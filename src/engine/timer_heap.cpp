#include "engine/timer_heap.hpp"

#include <algorithm>

namespace gawait {
namespace {

constexpr std::size_t arity = 4;
constexpr std::size_t tolerated_blank = 64; // below this a sweep is not worth its while

} // namespace

void timer_heap::push(timer& work, clock::time_point deadline) {
    entries_.emplace_back();
    sift_up(entries_.size() - 1, {deadline, started_++, &work});
}

bool timer_heap::cancel(timer& work) noexcept {
    if (!work.pending())
        return false;
    entries_[work.position_].work = nullptr;
    work.position_ = timer::none;
    ++blank_;
    if (blank_ > tolerated_blank && blank_ > entries_.size() / 2)
        drop_all_blank();
    return true;
}

clock::time_point timer_heap::next_deadline() noexcept {
    drop_blank_top();
    return entries_.empty() ? clock::time_point::max() : entries_.front().deadline;
}

timer* timer_heap::pop_top() noexcept {
    timer* due = entries_.front().work;
    remove_top();
    if (due)
        due->position_ = timer::none;
    else
        --blank_;
    return due;
}

void timer_heap::clear() noexcept {
    for (entry& each : entries_)
        if (each.work)
            each.work->position_ = timer::none;
    entries_.clear();
    blank_ = 0;
}

void timer_heap::place(std::size_t position, const entry& moved) noexcept {
    entries_[position] = moved;
    if (moved.work)
        moved.work->position_ = position;
}

void timer_heap::sift_up(std::size_t position, const entry& moved) noexcept {
    while (position > 0) {
        const std::size_t parent = (position - 1) / arity;
        if (!moved.before(entries_[parent]))
            break;
        place(position, entries_[parent]);
        position = parent;
    }
    place(position, moved);
}

void timer_heap::sift_down(std::size_t position, const entry& moved) noexcept {
    const std::size_t size = entries_.size();
    for (;;) {
        const std::size_t first = position * arity + 1;
        if (first >= size)
            break;
        std::size_t least = first;
        for (std::size_t child = first + 1; child < std::min(first + arity, size); ++child)
            if (entries_[child].before(entries_[least]))
                least = child;
        if (!entries_[least].before(moved))
            break;
        place(position, entries_[least]);
        position = least;
    }
    place(position, moved);
}

void timer_heap::remove_top() noexcept {
    const entry last = entries_.back();
    entries_.pop_back();
    if (!entries_.empty())
        sift_down(0, last);
}

void timer_heap::drop_blank_top() noexcept {
    while (!entries_.empty() && !entries_.front().work) {
        --blank_;
        remove_top();
    }
}

void timer_heap::drop_all_blank() noexcept {
    std::erase_if(entries_, [](const entry& each) { return !each.work; });
    blank_ = 0;
    for (std::size_t position = 0; position < entries_.size(); ++position)
        entries_[position].work->position_ = position;
    for (std::size_t position = entries_.size() / arity + 1; position-- > 0;)
        if (position < entries_.size())
            sift_down(position, entry(entries_[position]));
}

} // namespace gawait
