// Places for what may be forgotten at any time: the caches of a process.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>

namespace epoch::core {

// Thread-safe, and never waits: a place where another thread is just looking is passed over. What
// shares a place replaces what was there, so that memory is bounded, and whoever fills it with junk
// makes the others slower and nothing else.
template <typename Entry>
class Slots {
 public:
  // The next power of two.
  explicit Slots(std::size_t count)
      : mask_(std::bit_ceil(count) - 1), slots_(std::make_unique<Slot[]>(mask_ + 1)) {}

  // Calls visit(Entry&) with the entry in the place that the hash names; the visitor tells whether
  // it is the one meant, or puts another there. False where somebody else was there.
  template <typename Visit>
  bool visit(std::uint64_t hash, Visit&& visit) {
    Slot& slot = slots_[hash & mask_];
    if (slot.taken.test_and_set(std::memory_order_acquire)) return false;
    const Leaving leaving{slot.taken};
    visit(slot.entry);
    return true;
  }

 private:
  struct Slot {
    std::atomic_flag taken;
    Entry entry{};
  };
  struct Leaving {
    std::atomic_flag& taken;
    ~Leaving() { taken.clear(std::memory_order_release); }
  };

  const std::size_t mask_;
  const std::unique_ptr<Slot[]> slots_;
};

}  // namespace epoch::core
