#include "core/origin.h"

#include <gtest/gtest.h>

namespace epoch::core {
namespace {

TEST(Origin, HasOneSpelling) {
  EXPECT_EQ(parse_origin("https://WWW.Example.org"), "https://www.example.org");
  EXPECT_EQ(parse_origin("HTTPS://www.example.org:443"), "https://www.example.org");
  EXPECT_EQ(parse_origin("http://www.example.org:80"), "http://www.example.org");
  EXPECT_EQ(parse_origin("https://www.example.org:8443"), "https://www.example.org:8443");
  EXPECT_EQ(parse_origin("http://[::1]:8080"), "http://[::1]:8080");
  EXPECT_EQ(parse_origin("http://[::1]"), "http://[::1]");
  EXPECT_EQ(make_origin("http", "LocalHost", 8080), "http://localhost:8080");
  EXPECT_EQ(make_origin("https", "a.example", 0), "https://a.example");
  EXPECT_EQ(make_origin("http", "::1", 8080), "http://[::1]:8080");
  EXPECT_EQ(make_origin("http", "[::1]", 8080), "http://[::1]:8080");
}

TEST(Origin, NothingElseIsOne) {
  for (const char* text :
       {"", "null", "www.example.org", "ftp://a", "https://", "https://a/", "https://a/path",
        "https://user@a", "https://a:0", "https://a:99999", "https://a:x", "https://a b",
        "https://a?x", "https://[::1", "https:a", "https://[]", "https://a:"}) {
    EXPECT_EQ(parse_origin(text), std::nullopt) << text;
  }
}

TEST(Origin, OfAUrlIsWhatStandsBeforeThePath) {
  EXPECT_EQ(origin_of_url("https://example.org/a/b?c"), "https://example.org");
  EXPECT_EQ(origin_of_url("https://example.org"), "https://example.org");
  EXPECT_EQ(origin_of_url("http://example.org:81?x=/"), "http://example.org:81");
  EXPECT_EQ(origin_of_url("https://example.org@evil.example/"), std::nullopt);
  EXPECT_EQ(origin_of_url("about:blank"), std::nullopt);
}

TEST(Origin, AuthorityIsHostAndPort) {
  EXPECT_EQ(authority_of("https://example.org:8443"), "example.org:8443");
  EXPECT_TRUE(is_https("https://a"));
  EXPECT_FALSE(is_https("http://a"));
}

}  // namespace
}  // namespace epoch::core
