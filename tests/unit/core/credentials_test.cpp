#include "core/credentials.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace epoch::core {
namespace {

static_assert(!std::is_copy_constructible_v<Credentials>, "passwords have no copies");

TEST(Credentials, AreReadFromABasicField) {
  const auto credentials = parse_basic_credentials("Basic YWxpY2U6c2VjcmV0");
  ASSERT_TRUE(credentials.has_value());
  EXPECT_EQ(credentials->user(), "alice");
  EXPECT_EQ(credentials->password(), "secret");
}

TEST(Credentials, TheSchemesLettersMayBeOfAnyCase) {
  EXPECT_TRUE(parse_basic_credentials("bAsIc YWxpY2U6c2VjcmV0").has_value());
}

TEST(Credentials, OtherSchemesAreNone) {
  for (const char* field : {"", "Bearer abc", "Digest username=\"a\"", "Basics YTpi", "Epoch x"}) {
    EXPECT_FALSE(parse_basic_credentials(field).has_value()) << field;
  }
}

TEST(Credentials, APasswordMayHoldColons) {
  const auto credentials = parse_basic_credentials("Basic YWxpY2U6YTpiOmM=");
  EXPECT_EQ(credentials->user(), "alice");
  EXPECT_EQ(credentials->password(), "a:b:c");
}

// mod_auth_basic hands all of these to the provider, so they are credentials here too.
TEST(Credentials, WhatHttpdAcceptsIsNeverTakenForNone) {
  const auto without_colon = parse_basic_credentials("Basic YWxpY2U=");
  ASSERT_TRUE(without_colon.has_value());
  EXPECT_EQ(without_colon->user(), "alice");
  EXPECT_EQ(without_colon->password(), "");

  const auto with_spaces = parse_basic_credentials("Basic \t  YWxpY2U6c2VjcmV0");
  EXPECT_EQ(with_spaces->user(), "alice");

  const auto with_noise = parse_basic_credentials("Basic YWxpY2U6c2Vj!cmV0");
  EXPECT_EQ(with_noise->password(), "sec");

  const auto with_nul = parse_basic_credentials("Basic YWxpY2U6c2UAY3JldA==");
  EXPECT_EQ(with_nul->password(), "se");

  EXPECT_TRUE(parse_basic_credentials("Basic").has_value());
  EXPECT_TRUE(parse_basic_credentials("Basic !!!").has_value());
}

TEST(Credentials, MovingLeavesNothingBehind) {
  Credentials first("alice", "short");
  const Credentials second(std::move(first));
  EXPECT_EQ(second.password(), "short");
  EXPECT_EQ(first.password(), "");  // NOLINT(bugprone-use-after-move): that is what is tested
}

}  // namespace
}  // namespace epoch::core
