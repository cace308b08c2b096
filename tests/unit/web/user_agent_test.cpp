#include "web/user_agent.h"

#include <gtest/gtest.h>

#include <utility>

namespace epoch::web {
namespace {

TEST(UserAgent, BrowsersAreToldFromThoseWhomTheyImitate) {
  const std::pair<std::string_view, std::string_view> known[] = {
      {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
       "Firefox on Linux"},
      {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
       "Chrome/126.0.0.0 Safari/537.36",
       "Chrome on Windows"},
      {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
       "Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.87",
       "Edge on Windows"},
      {"Mozilla/5.0 (Linux; Android 10; HD1913) AppleWebKit/537.36 (KHTML, like Gecko) "
       "Chrome/126.0.6478.122 Mobile Safari/537.36 EdgA/125.0.2535.87",
       "Edge on Android"},
      {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
       "Gecko) Version/17.0 EdgiOS/125.2535.96 Mobile/15E148 Safari/605.1.15",
       "Edge on iOS"},
      {"Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) "
       "Version/17.4.1 Safari/605.1.15",
       "Safari on macOS"},
      {"Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
       "Version/17.4.1 Mobile/15E148 Safari/604.1",
       "Safari on iPadOS"},
      {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
       "Gecko) CriOS/126.0.6478.108 Mobile/15E148 Safari/604.1",
       "Chrome on iOS"},
      {"Mozilla/5.0 (iPhone; CPU iPhone OS 14_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
       "Gecko) FxiOS/127.0 Mobile/15E148 Safari/605.1.15",
       "Firefox on iOS"},
      {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
       "Chrome/126.0.0.0 Mobile Safari/537.36",
       "Chrome on Android"},
      {"Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0",
       "Firefox on Android"},
      {"Mozilla/5.0 (Linux; Android 14; SAMSUNG SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) "
       "SamsungBrowser/25.0 Chrome/121.0.0.0 Mobile Safari/537.36",
       "Samsung Internet on Android"},
      {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 "
       "Safari/537.36 OPR/112.0.0.0",
       "Opera on Linux"},
      {"Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.18", "Opera on Windows"},
      {"Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) "
       "Chrome/126.0.0.0 Safari/537.36 Vivaldi/6.8.3381.46",
       "Vivaldi on Windows"},
      {"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) "
       "Chrome/126.0.0.0 Safari/537.36",
       "Chrome on ChromeOS"},
      {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.0 "
       "Safari/605.1.15 Epiphany/605.1.15",
       "GNOME Web on Linux"},
      {"Mozilla/5.0 (X11; FreeBSD amd64; rv:127.0) Gecko/20100101 Firefox/127.0",
       "Firefox on FreeBSD"},
      {"Mozilla/5.0 (X11; Linux x86_64; rv:91.0) Gecko/20100101 Firefox/91.0 SeaMonkey/2.53.18",
       "SeaMonkey on Linux"},
      {"Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
       "Internet Explorer on Windows"},
      {"Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.7.8", "Lynx"},
  };
  for (const auto& [field, words] : known) EXPECT_EQ(in_words(read_user_agent(field)), words);
}

TEST(UserAgent, ProgramsAreCalledPrograms) {
  const std::pair<std::string_view, std::string_view> known[] = {
      {"curl/7.88.1", "A program: curl"},
      {"Wget/1.21.3", "A program: Wget"},
      {"git/2.39.2", "A program: Git"},
      {"SVN/1.14.2 (x86_64-pc-linux-gnu) serf/1.3.9", "A program: Subversion on Linux"},
      {"python-requests/2.28.1", "A program: Python"},
      {"Python-urllib/3.11", "A program: Python"},
      {"Go-http-client/2.0", "A program: Go"},
      {"Java/17.0.11", "A program: Java"},
      {"Mozilla/5.0 (Windows NT; Windows NT 10.0; de-DE) WindowsPowerShell/5.1.19041.4522",
       "A program: PowerShell on Windows"},
      {"Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.12.0",
       "A program: Thunderbird on Linux"},
  };
  for (const auto& [field, words] : known) EXPECT_EQ(in_words(read_user_agent(field)), words);
}

TEST(UserAgent, WhatIsNotKnownIsNotGuessed) {
  EXPECT_EQ(in_words(read_user_agent("")), "Unknown browser");
  EXPECT_EQ(in_words(read_user_agent("Mozilla/5.0")), "Unknown browser");
  EXPECT_EQ(in_words(read_user_agent("<script>alert(1)</script>")), "Unknown browser");
  EXPECT_EQ(in_words(read_user_agent("Something (Linux)")), "Unknown browser on Linux");
}

TEST(UserAgent, AProgramIsOneThatTheFieldBeginsWith) {
  EXPECT_FALSE(read_user_agent("Mozilla/5.0 (X11; Linux) Firefox/1.0 curl/8").is_program);
  EXPECT_FALSE(read_user_agent("cur").is_program);
}

}  // namespace
}  // namespace epoch::web
