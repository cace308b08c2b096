#include "scenarios.h"

namespace epoch::model {
namespace {

constexpr std::size_t kToTheEnd = 1000;

Setting named(std::string name, Kind kind) {
  Setting setting;
  setting.name = std::move(name);
  setting.kind = kind;
  return setting;
}

Setting without_scripts(Kind kind) {
  Setting setting = named("WithoutScripts", kind);
  setting.runs_scripts = false;
  return setting;
}

Setting plain_http(Kind kind) {
  Setting setting = named("PlainHttp", kind);
  setting.sends_metadata = false;
  setting.site.spaces[0].origin = "http://example.org";
  return setting;
}

Setting queues_and_images(Kind kind) {
  Setting setting = named("QueuesAndImages", kind);
  setting.tabs = 1;
  setting.events.queues = true;
  setting.events.images = true;
  return setting;
}

Setting scripts(Kind kind) {
  Setting setting = named("Scripts", kind);
  setting.tabs = 1;
  setting.events.polls = true;
  setting.events.scripts_own = true;
  setting.events.prefetches = true;
  setting.events.forms = true;
  return setting;
}

Setting mistakes(Kind kind) {
  Setting setting = named("Mistakes", kind);
  setting.events.mistakes = true;
  setting.events.cancels = true;
  return setting;
}

Setting two_users(Kind kind) {
  Setting setting = named("TwoUsers", kind);
  setting.events.second_user = true;
  return setting;
}

Setting another_site(Kind kind) {
  Setting setting = named("AnotherSite", kind);
  setting.tabs = 1;
  setting.events.foreign_site = true;
  return setting;
}

Setting lost_keys(Kind kind) {
  Setting setting = named("LostKeys", kind);
  setting.events.keys_lost = true;
  return setting;
}

Setting logout_by_challenge(Kind kind) {
  Setting setting = named("LogoutByChallenge", kind);
  setting.site.answers_logout_with_challenge = true;
  return setting;
}

Setting three_requests(Kind kind) {
  Setting setting = named("ThreeRequests", kind);
  setting.tabs = 3;
  setting.most_requests = 3;
  return setting;
}

}  // namespace

Setting two_tabs(Kind kind) { return named("TwoTabs", kind); }

Setting two_ports(Kind kind) {
  Setting setting = named("TwoPorts", kind);
  setting.site.shares_zones = true;
  setting.site.spaces = {{.origin = "https://example.org", .realm = "Intranet"},
                         {.origin = "https://example.org:8443", .realm = "Intranet"}};
  setting.site.places = {{.path = "/a/", .space = 0, .has_logout = true},
                         {.path = "/b/", .space = 1}};
  return setting;
}

Setting two_realms(Kind kind) {
  Setting setting = named("TwoRealms", kind);
  setting.site.spaces = {{.origin = "https://example.org", .realm = "Intranet", .zone = 0},
                         {.origin = "https://example.org", .realm = "Wiki", .zone = 1}};
  setting.site.places = {{.path = "/a/", .space = 0, .has_logout = true},
                         {.path = "/wiki/", .space = 1, .has_logout = true}};
  return setting;
}

Setting two_browsers(Kind kind) {
  Setting setting = named("TwoBrowsers", kind);
  setting.browsers = 2;
  setting.tabs = 1;
  setting.most_requests = 1;
  setting.site.places.pop_back();
  setting.events.everywhere = true;
  setting.events.others = true;
  return setting;
}

Setting time_passes(Kind kind) {
  Setting setting = named("TimePasses", kind);
  setting.tabs = 1;
  setting.most_requests = 1;
  setting.site.places[1].fresh_login = std::chrono::minutes(15);
  setting.events.waits = {std::chrono::minutes(20), std::chrono::hours(11)};
  return setting;
}

std::vector<Scenario> scenarios() {
  std::vector<Scenario> all;
  for (const Kind kind : {Kind::Chromium, Kind::Firefox}) {
    all.push_back({two_tabs(kind), kToTheEnd});
    all.push_back({without_scripts(kind), 26});
    all.push_back({plain_http(kind), 26});
    all.push_back({queues_and_images(kind), 26});
    all.push_back({scripts(kind), 26});
    all.push_back({mistakes(kind), 26});
    all.push_back({two_users(kind), 26});
    all.push_back({another_site(kind), 26});
    all.push_back({lost_keys(kind), 26});
    all.push_back({logout_by_challenge(kind), 26});
    all.push_back({two_ports(kind), 26});
    all.push_back({two_realms(kind), 26});
    all.push_back({two_browsers(kind), 34});
    all.push_back({time_passes(kind), kToTheEnd});
    all.push_back({three_requests(kind), 21});
  }
  return all;
}

}  // namespace epoch::model
