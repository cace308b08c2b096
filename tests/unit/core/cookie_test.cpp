#include "core/cookie.h"

#include <gtest/gtest.h>

namespace epoch::core {
namespace {

TEST(Cookie, IsFoundAmongOthers) {
  const NamedCookies found = find_cookies("a=1; epoch-0=value; b=2", "epoch-0");
  EXPECT_EQ(found.count, 1U);
  EXPECT_EQ(found.values[0], "value");
}

TEST(Cookie, NamesAreComparedExactly) {
  EXPECT_EQ(find_cookies("EPOCH-0=x; epoch-01=x; xepoch-0=x; epoch-0", "epoch-0").count, 0U);
}

TEST(Cookie, AllOfItsNameAreCountedAndTwoKept) {
  const NamedCookies found = find_cookies("e=1;e=2;  e=3", "e");
  EXPECT_EQ(found.count, 3U);
  EXPECT_EQ(found.values[0], "1");
  EXPECT_EQ(found.values[1], "2");
}

TEST(Cookie, QuotesAroundAValueAreNotPartOfIt) {
  EXPECT_EQ(find_cookies("e=\"quoted\"", "e").values[0], "quoted");
}

TEST(Cookie, OddHeadersAreHarmless) {
  for (const std::string& header :
       {std::string(), std::string(";;;"), std::string("=;="), std::string("e"),
        std::string(8192, 'x'), std::string("e\0=1", 4), std::string("\xff\xfe=e")}) {
    EXPECT_EQ(find_cookies(header, "e").count, 0U);
  }
}

std::string without_cookie(std::string_view header, std::string_view name) {
  std::string rest(2 * header.size(), '\0');
  rest.resize(write_without_cookie(header, name, rest.data()).length);
  return rest;
}

TEST(Cookie, IsTakenOutAndTheOthersStay) {
  EXPECT_EQ(without_cookie("a=1; e=2; b=\"3; c=4", "e"), "a=1; b=\"3; c=4");
  EXPECT_EQ(without_cookie("e=2", "e"), "");
  EXPECT_EQ(without_cookie("e=1; a=2; e=3", "e"), "a=2");
  EXPECT_EQ(without_cookie("e;a;b;c;d=;f", "e"), "e; a; b; c; d=; f");
}

TEST(Cookie, ASessionIdComesBackAsItWent) {
  SessionId id{};
  id.value.fill(0x5a);
  const std::string value = session_value(id);
  EXPECT_LE(value.size(), 200U);
  const auto content = read_cookie_value(value);
  ASSERT_TRUE(content && std::holds_alternative<SessionId>(*content));
  EXPECT_EQ(std::get<SessionId>(*content).value, id.value);
}

TEST(Cookie, WhatWeDidNotWriteIsMalformed) {
  SessionId id{};
  const std::string value = session_value(id);
  const std::string cases[] = {"",
                               "x",
                               value.substr(0, value.size() - 1),
                               value + "A",
                               value + "=",
                               "!" + value.substr(1),
                               base64url_encode(bytes_of("zunknown type")),
                               std::string(201, 'A'),
                               std::string(8000, 'c')};
  for (const std::string& bad : cases) EXPECT_FALSE(read_cookie_value(bad).has_value()) << bad;
}

TEST(Cookie, NameCarriesTheHostPrefixWhereBrowsersAllowIt) {
  const std::string secure = default_cookie_name("zone", true, "/", "");
  EXPECT_TRUE(secure.starts_with("__Host-epoch-")) << secure;
  EXPECT_EQ(secure.size(), std::string("__Host-epoch-").size() + 8);
  EXPECT_TRUE(default_cookie_name("zone", false, "/", "").starts_with("epoch-"));
  EXPECT_TRUE(default_cookie_name("zone", true, "/app", "").starts_with("epoch-"));
  EXPECT_TRUE(default_cookie_name("zone", true, "/", "example.org").starts_with("epoch-"));
  EXPECT_NE(secure, default_cookie_name("other zone", true, "/", ""));
}

TEST(Cookie, IsSetForTheBrowsersSessionAndHiddenFromScripts) {
  EXPECT_EQ(set_cookie({.name = "e", .path = "/", .domain = "", .secure = false}, "v"),
            "e=v; Path=/; HttpOnly; SameSite=Lax");
  EXPECT_EQ(set_cookie({.name = "e",
                        .path = "/app",
                        .domain = "example.org",
                        .secure = true,
                        .same_site = SameSite::None},
                       "v"),
            "e=v; Path=/app; Domain=example.org; HttpOnly; Secure; SameSite=None");
}

}  // namespace
}  // namespace epoch::core
