// Takes the power away at every moment of a recording.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "power_cut.h"

namespace epoch::fault {

// Shows every state that the disk may be in, once for each number of marks seen before it.
class Cuts {
 public:
  using Marks = std::vector<std::uint64_t>;
  // Answers what is wrong; empty where nothing is. The test fails, and after five of them the cuts
  // stop.
  using See = std::function<std::string(const Files&, const Marks&)>;

  explicit Cuts(std::size_t states_a_sync, std::uint64_t seed = 1)
      : states_a_sync_(states_a_sync), lot_(seed) {}

  void go_through(const std::vector<Event>& events, Platter& platter, const See& see);

  [[nodiscard]] std::size_t points() const noexcept { return points_; }
  [[nodiscard]] std::size_t states() const noexcept { return states_; }

 private:
  void look(const Platter& platter, const See& see);
  bool is_new(const Files& files);

  const std::size_t states_a_sync_;
  std::mt19937_64 lot_;
  Marks marks_;
  std::set<std::size_t> seen_;  // since the last mark
  std::size_t points_ = 0;
  std::size_t states_ = 0;
  std::size_t troubles_ = 0;
};

}  // namespace epoch::fault
