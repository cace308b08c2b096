#include "explorer.h"

#include <algorithm>
#include <random>
#include <unordered_set>
#include <utility>

#include "fingerprint.h"

namespace epoch::model {
namespace {

struct HashOfFingerprint {
  std::size_t operator()(const Fingerprint& print) const noexcept { return print[0]; }
};

// How a state was reached.
struct Node {
  std::size_t parent;
  Action action;
};

class Search {
 public:
  Search(const Setting& setting, const Rules& rules, std::string property)
      : setting_(setting), rules_(rules), property_(std::move(property)) {
    World first = new_world(setting);
    visited_.insert(fingerprint(first, setting));
    nodes_.push_back({});
    frontier_.emplace_back(0, std::move(first));
  }

  Exploration run(std::size_t depth) {
    while (!frontier_.empty() && result_.depth < depth && !result_.found) {
      expand_frontier();
      ++result_.depth;
    }
    result_.complete = frontier_.empty() && !result_.found;
    result_.states = visited_.size();
    return std::move(result_);
  }

 private:
  using Reached = std::pair<std::size_t, World>;  // the node and its world

  void expand_frontier() {
    std::vector<Reached> next;
    for (Reached& reached : frontier_) {
      for (const Action& action : actions(reached.second, setting_)) {
        take_step(reached, action, next);
        if (result_.found) return;
      }
      reached.second = World();  // its memory is needed
    }
    frontier_ = std::move(next);
  }

  void take_step(const Reached& from, const Action& action, std::vector<Reached>& next) {
    World world = from.second;
    Outcome outcome = apply(world, action, setting_, rules_);
    ++result_.steps;
    if (outcome.violation && (property_.empty() || outcome.violation->property == property_)) {
      result_.found = Counterexample{.trace = trace_to(from.first, action),
                                     .violation = *std::move(outcome.violation)};
      return;
    }
    if (!visited_.insert(fingerprint(world, setting_)).second) return;
    nodes_.push_back({.parent = from.first, .action = action});
    next.emplace_back(nodes_.size() - 1, std::move(world));
  }

  [[nodiscard]] std::vector<Action> trace_to(std::size_t node, const Action& last) const {
    std::vector<Action> trace{last};
    for (; node != 0; node = nodes_[node].parent) trace.push_back(nodes_[node].action);
    std::reverse(trace.begin(), trace.end());
    return trace;
  }

  const Setting& setting_;
  const Rules& rules_;
  std::string property_;
  std::vector<Node> nodes_;
  std::vector<Reached> frontier_;
  std::unordered_set<Fingerprint, HashOfFingerprint> visited_;
  Exploration result_;
};

}  // namespace

Exploration explore(const Setting& setting, const Rules& rules, std::size_t depth,
                    const std::string& property) {
  return Search(setting, rules, property).run(depth);
}

Exploration walk(const Setting& setting, const Rules& rules, std::uint64_t seed, std::size_t runs,
                 std::size_t length) {
  std::mt19937_64 random(seed);
  Exploration result{.depth = length};
  for (std::size_t run = 0; run < runs && !result.found; ++run) {
    World world = new_world(setting);
    std::vector<Action> trace;
    while (trace.size() < length && !result.found) {
      const std::vector<Action> possible = actions(world, setting);
      if (possible.empty()) break;  // care forbids what is left
      trace.push_back(possible[random() % possible.size()]);
      ++result.steps;
      Outcome outcome = apply(world, trace.back(), setting, rules);
      if (!outcome.violation) continue;
      result.found = Counterexample{.trace = trace, .violation = *std::move(outcome.violation)};
    }
  }
  return result;
}

}  // namespace epoch::model
