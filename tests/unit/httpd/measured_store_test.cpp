#include "httpd/measured_store.h"

#include <gtest/gtest.h>

#include <memory>

#include "store/failing_store.h"
#include "store/memory_store.h"

namespace epoch::httpd {
namespace {

constexpr core::TimePoint kNow{core::Seconds(1'800'000'000)};
constexpr std::size_t kAll = DurationHistogram::kBounds.size();

TEST(MeasuredStore, TimesWritesAndNotLookups) {
  store::MemoryStore store{core::Hash256{1}};
  const auto metrics = std::make_unique<SharedMetrics>();
  MeasuredStore measured(store, *metrics);
  EXPECT_TRUE(measured.find({}).ok());
  EXPECT_TRUE(measured.moment().ok());
  EXPECT_EQ(metrics->store_writes.up_to(kAll), 0U);
  EXPECT_TRUE(measured.end({}, core::EndReason::LoggedOut, kNow).ok());
  EXPECT_TRUE(measured.touch({}).ok());
  EXPECT_EQ(metrics->store_writes.up_to(kAll), 2U);
  EXPECT_EQ(metrics->store_errors.value(), 0U);
}

TEST(MeasuredStore, CountsTheErrorsOfLookupsAndWrites) {
  store::FailingStore store(std::make_unique<store::MemoryStore>(core::Hash256{1}), 1);
  const auto metrics = std::make_unique<SharedMetrics>();
  MeasuredStore measured(store, *metrics);
  EXPECT_FALSE(measured.find({}).ok());
  EXPECT_FALSE(measured.end({}, core::EndReason::LoggedOut, kNow).ok());
  EXPECT_EQ(metrics->store_errors.value(), 2U);
}

}  // namespace
}  // namespace epoch::httpd
