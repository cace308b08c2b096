#include "core/return_path.h"

#include <gtest/gtest.h>

namespace epoch::core {
namespace {

TEST(ReturnPath, PathsOfThisOriginAreAccepted) {
  for (const char* path : {"/", "/app/", "/app/page?x=1&y=2#z", "/a%20b", "/search?q=100%25",
                           "/a:b@c", "/~user", "/?u=http://example.org/", "/a//b"}) {
    EXPECT_EQ(safe_return_path(path), path);
  }
}

TEST(ReturnPath, EightBitBytesAreEncoded) {
  EXPECT_EQ(safe_return_path("/b\xc3\xbc"
                             "cher"),
            "/b%c3%bccher");
  EXPECT_EQ(safe_return_path("/a b\"<>"), "/a%20b%22%3c%3e");
}

TEST(ReturnPath, WhateverMightLeadElsewhereIsIgnored) {
  const std::string cases[] = {"",
                               "e",
                               "//e",
                               "//e/path",
                               "/\\e",
                               "\\\\e",
                               "\\/e",
                               "https:e",
                               "https://e/",
                               "javascript:alert(1)",
                               "@e",
                               "/%2fe",
                               "/%2Fe",
                               "%2f%2fe",
                               "/%5ce",
                               "/%252fe",
                               "/a\\b",
                               "/a%5cb",
                               "/\r\nSet-Cookie: a=b",
                               "/%0d%0aSet-Cookie:%20a=b",
                               "/?x=%0d%0a",
                               "/%250d%250a",
                               "/%25zz%250d%250a",
                               "/%252fe%25zz",
                               "/\t/e",
                               "/%09/e",
                               std::string("/\0x", 3),
                               "/%00",
                               "/\x7f",
                               "/%zz",
                               "/%2",
                               "user:password@e",
                               " /e",
                               "/" + std::string(3000, 'a')};
  for (const std::string& bad : cases) {
    EXPECT_EQ(safe_return_path(bad), std::nullopt) << testing::PrintToString(bad);
  }
}

}  // namespace
}  // namespace epoch::core
