#include "cuts.h"

#include <gtest/gtest.h>

namespace epoch::fault {
namespace {

constexpr std::size_t kTroublesToShow = 5;

}  // namespace

void Cuts::go_through(const std::vector<Event>& events, Platter& platter, const See& see) {
  for (const Event& event : events) {
    const bool durable_at_once = event.kind == Event::Kind::Write && event.synchronous;
    if (durable_at_once) platter.begin_write(event);
    if (durable_at_once || event.kind == Event::Kind::Sync ||
        event.kind == Event::Kind::SyncDirectory) {
      look(platter, see);
    }
    platter.happen(event);
    if (event.kind == Event::Kind::Mark) {
      marks_.push_back(event.offset);
      seen_.clear();
    }
    if (troubles_ >= kTroublesToShow) return;
  }
  look(platter, see);
}

void Cuts::look(const Platter& platter, const See& see) {
  ++points_;
  platter.for_each_state(states_a_sync_, lot_, [&](const Files& files) {
    if (troubles_ >= kTroublesToShow || !is_new(files)) return;
    ++states_;
    const std::string trouble = see(files, marks_);
    if (trouble.empty()) return;
    ++troubles_;
    ADD_FAILURE() << "at sync " << points_ << ", state " << states_ << ", after " << marks_.size()
                  << " marks: " << trouble;
  });
}

bool Cuts::is_new(const Files& files) {
  std::string all;
  for (const auto& [name, bytes] : files) all += name + '\0' + bytes + '\0';
  return seen_.insert(std::hash<std::string>()(all)).second;
}

}  // namespace epoch::fault
