#include "httpd/upkeep.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "store/directory_files.h"
#include "store/store_testing.h"

namespace epoch::httpd {
namespace {

using store::kLimits;
using store::kNoon;

class UpkeepTest : public testing::Test {
 protected:
  void open(std::uint64_t number, const std::string& zone = "zone") {
    store::open_new(store_, number, "alice", zone);
  }

  void step(Upkeep& upkeep, core::TimePoint now = kNoon) {
    upkeep.step(store_, *census_, now, lines_.log());
  }

  std::size_t records() { return store_.contents()->records.size(); }

  store::LogLines lines_;
  store::ScratchDirectory directory_;
  store::LmdbStore store_{store::options_for(directory_, lines_)};
  std::unique_ptr<SharedCensus> census_ = std::make_unique<SharedCensus>();
};

TEST_F(UpkeepTest, CountsWhatLivesInEachZone) {
  for (std::uint64_t number = 1; number <= 5; ++number) open(number);
  open(6, "elsewhere");
  ASSERT_TRUE(
      *store_.end(core::record_key_of(store::numbered(1)), core::EndReason::LoggedOut, kNoon));
  Upkeep upkeep;
  EXPECT_TRUE(census_->read().empty());
  step(upkeep);
  EXPECT_EQ(census_->read(), (Census{{"elsewhere", 1}, {"zone", 4}}));

  const core::Sweep zone{
      .reach = core::Reach::Zone, .zone = "zone", .subject = {}, .except = std::nullopt};
  ASSERT_TRUE(store_.sweep(zone, kNoon).ok());
  step(upkeep);
  EXPECT_EQ(census_->read(), (Census{{"elsewhere", 1}}));
}

TEST_F(UpkeepTest, PassesOverTheWholeStoreStepByStep) {
  for (std::uint64_t number = 1; number <= 30; ++number) open(number);
  Upkeep upkeep(/*records_a_step=*/8, /*records_at_once=*/4);
  int steps = 0;
  while (census_->read().empty()) {
    step(upkeep);
    ASSERT_LT(++steps, 20);
  }
  EXPECT_EQ(census_->read(), (Census{{"zone", 30}}));
  EXPECT_GE(steps, 60 / 8) << "each session has a root beside it";
}

// Also those that many live ones stand before.
TEST_F(UpkeepTest, RemovesWhatIsOldWhereverItStands) {
  for (std::uint64_t number = 1; number <= 30; ++number) open(number);
  const core::TimePoint later = kNoon + kLimits.max_age + core::kRemembered + core::Seconds(1);
  for (std::uint64_t number = 31; number <= 40; ++number) {
    store::open_new(store_, number, "bob", "zone", later);
  }
  Upkeep upkeep(/*records_a_step=*/8, /*records_at_once=*/4);
  for (int steps = 0; census_->read().empty() && steps < 40; ++steps) step(upkeep, later);
  EXPECT_EQ(census_->read(), (Census{{"zone", 10}}));
  EXPECT_EQ(records(), 20U);
}

TEST_F(UpkeepTest, FindsDamageThatNoRequestHasMet) {
  open(1, "zone-to-be-spoilt");
  Upkeep upkeep(/*records_a_step=*/8, /*records_at_once=*/4, /*steps_a_reading=*/2);
  step(upkeep);
  store::spoil(store::data_path(directory_.path()), "zone-to-be-spoilt");
  EXPECT_TRUE(store::set_aside_in(directory_).empty());
  step(upkeep);
  EXPECT_EQ(store::set_aside_in(directory_).size(), 1U);
  EXPECT_EQ(records(), 0U);
  EXPECT_EQ(lines_.count(), 1U) << lines_.all();
}

TEST_F(UpkeepTest, KeepsLongNamesShortAndNoMoreZonesThanThereIsRoomFor) {
  Census many{{std::string(1000, 'a'), 7}};
  for (int i = 0; i < 100; ++i) many["zone " + std::to_string(i)] = 1;
  census_->publish(many);
  const Census read = census_->read();
  EXPECT_EQ(read.size(), 64U);
  EXPECT_EQ(read.begin()->first, std::string(511, 'a'));
  EXPECT_EQ(read.begin()->second, 7U);
}

}  // namespace
}  // namespace epoch::httpd
