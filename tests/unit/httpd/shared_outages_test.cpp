#include "httpd/shared_outages.h"

#include <gtest/gtest.h>

#include <string>

namespace epoch::httpd {
namespace {

core::Verifier named(int number) {
  return core::verifier_of(core::sha256({core::bytes_of(std::to_string(number))}));
}

TEST(SharedOutages, OfADirectoryThatAnswersNothingIsKnown) {
  SharedOutages outages;
  EXPECT_TRUE(outages.may_ask(named(1)));
  EXPECT_FALSE(outages.note_answer(named(1)));
}

TEST(SharedOutages, AnOutageIsNewsOnceAndSoIsItsEnd) {
  SharedOutages outages;
  EXPECT_TRUE(outages.note_failure(named(1)));
  EXPECT_FALSE(outages.note_failure(named(1)));
  EXPECT_TRUE(outages.note_answer(named(1)));
  EXPECT_FALSE(outages.note_answer(named(1)));
}

TEST(SharedOutages, WhileADirectoryIsOutNotEverybodyAsksIt) {
  SharedOutages outages;
  outages.note_failure(named(1));
  EXPECT_FALSE(outages.may_ask(named(1)));
  EXPECT_TRUE(outages.may_ask(named(2))) << "another directory is another matter";
  outages.note_answer(named(1));
  EXPECT_TRUE(outages.may_ask(named(1)));
}

TEST(SharedOutages, OfMoreThanThereIsRoomForEverybodyAsksAndNobodyIsTold) {
  SharedOutages outages;
  for (int i = 0; i < 64; ++i) EXPECT_TRUE(outages.note_failure(named(i)));
  EXPECT_FALSE(outages.note_failure(named(64)));
  EXPECT_TRUE(outages.may_ask(named(64)));
}

}  // namespace
}  // namespace epoch::httpd
