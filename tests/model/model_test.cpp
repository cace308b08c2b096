// Every interleaving in every scenario: P1 to P5 hold. Beyond the depth, random walks.
#include "testing.h"

namespace epoch::model {
namespace {

class ModelTest : public testing::TestWithParam<Scenario> {};

TEST_P(ModelTest, EveryPropertyHoldsInEveryInterleaving) {
  const Setting& setting = GetParam().setting;
  const Rules rules;
  const Exploration explored = explore(setting, rules, depth_or(GetParam().depth));
  print(setting, explored);
  EXPECT_EQ(verdict_of(explored), "none") << story_or_nothing(explored, setting, rules);
  EXPECT_GT(explored.states, 50U);
}

TEST_P(ModelTest, EveryPropertyHoldsInRandomWalks) {
  Setting setting = GetParam().setting;
  setting.most_requests = 3;
  constexpr std::uint64_t kSeed = 20261121;
  const Rules rules;
  const Exploration walked = walk(setting, rules, kSeed, /*runs=*/60, /*length=*/200);
  std::cout << name_of(setting) << ": seed " << kSeed << ", " << walked.steps
            << " random steps with 3 requests in flight\n";
  EXPECT_EQ(verdict_of(walked), "none") << story_or_nothing(walked, setting, rules);
}

INSTANTIATE_TEST_SUITE_P(Scenarios, ModelTest, testing::ValuesIn(scenarios()),
                         [](const auto& scenario) { return name_of(scenario.param.setting); });

}  // namespace
}  // namespace epoch::model
