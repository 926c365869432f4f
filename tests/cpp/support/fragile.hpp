#pragma once

#include <atomic>
#include <exception>

namespace gawait::test {

/// A value of which the n-th copy or move throws.
class fragile {
public:
    class broken : public std::exception {
    public:
        const char* what() const noexcept override { return "a copy or move failed"; }
    };

    explicit fragile(int of) noexcept : value(of) { ++live; }
    fragile(const fragile& other) : value(count(other)) { ++live; }
    fragile(fragile&& other) : value(count(other)) { ++live; }

    fragile& operator=(const fragile& other) {
        value = count(other);
        return *this;
    }

    ~fragile() { --live; }

    int value;

    /// From now on; zero for none. In any thread.
    static void break_at(int number) noexcept { left = number; }

    /// Whether that is still to come.
    static bool will_break() noexcept { return left > 0; }

    static inline std::atomic<int> live{0};

private:
    static int count(const fragile& copied) {
        if (left > 0 && --left == 0)
            throw broken();
        return copied.value;
    }

    static inline std::atomic<int> left{0};
};

} // namespace gawait::test
