#include "cli/inspect.h"

#include <filesystem>
#include <map>
#include <ostream>
#include <set>

#include "cli/listing.h"
#include "store/directory_files.h"

namespace epoch::cli {
namespace {

using core::Done;
using core::Listed;
using core::Result;

struct Count {
  std::size_t live = 0;
  std::size_t ended = 0;
  std::set<std::string> users;  // with a live session; whom core::subject_of() takes for one
};

struct Statistics {
  Count whole;
  std::map<std::string, Count> zones;
  std::map<std::string, std::size_t> reasons;  // of those that are over
  std::uintmax_t bytes = 0;
};

void add(Count& count, const Listed& listed, core::TimePoint now) {
  if (is_live(listed, now)) {
    ++count.live;
    count.users.insert(core::subject_of(listed.session.identity));
  } else {
    ++count.ended;
  }
}

Result<Statistics> gather(core::SessionStore& store, Console& console, const std::string& directory,
                          core::TimePoint now) {
  Statistics statistics;
  const Result<Done> read = for_each_session(store, console, {}, [&](const Listed& listed) {
    add(statistics.whole, listed, now);
    add(statistics.zones[listed.session.zone], listed, now);
    if (!is_live(listed, now)) ++statistics.reasons[state_of(listed, now)];
  });
  if (!read) return read.error();
  std::error_code unknown;
  const std::uintmax_t bytes = std::filesystem::file_size(store::data_path(directory), unknown);
  if (!unknown) statistics.bytes = bytes;
  return statistics;
}

Json json_of(const Count& count) {
  return {{"live", count.live}, {"users", count.users.size()}, {"ended", count.ended}};
}

Json json_of(const Statistics& statistics) {
  Json json = json_of(statistics.whole);
  json["ended_by_reason"] = statistics.reasons;
  Json zones = Json::array();
  for (const auto& [zone, count] : statistics.zones) {
    Json of_zone = {{"zone", zone}};
    of_zone.update(json_of(count));
    zones.push_back(std::move(of_zone));
  }
  json["zones"] = std::move(zones);
  json["bytes"] = statistics.bytes;
  return json;
}

std::string line_of(const std::string& live, const std::string& users, const std::string& ended,
                    const std::string& zone) {
  return padded(live, 10) + padded(users, 10) + padded(ended, 10) + zone + "\n";
}

std::string line_of(const Count& count, const std::string& zone) {
  return line_of(std::to_string(count.live), std::to_string(count.users.size()),
                 std::to_string(count.ended), zone);
}

std::string text_of(const Statistics& statistics, const std::string& directory) {
  std::string text = line_of("LIVE", "USERS", "ENDED", "ZONE");
  for (const auto& [zone, count] : statistics.zones) text += line_of(count, printable(zone));
  text += line_of(statistics.whole, "(all zones)") + "\n";
  for (const auto& [reason, count] : statistics.reasons) {
    text += "ended, " + reason + ": " + std::to_string(count) + "\n";
  }
  return text + "size of " + store::data_path(directory) + ": " +
         std::to_string(statistics.bytes / 1024) + " KiB\n";
}

}  // namespace

int list(core::SessionStore& store, Console& console, const Selection& selection, bool all,
         core::TimePoint now, bool json) {
  if (!json) console.out() << listing_header() << "\n";
  const Result<Done> read = for_each_session(store, console, selection, [&](const Listed& listed) {
    if (!all && !is_live(listed, now)) return;
    console.out() << (json ? json_line(json_of(listed, now)) : listing_line(listed, now) + "\n");
  });
  return read ? kExitDone : console.fail(read.error());
}

int show(core::SessionStore& store, Console& console, const std::string& id, core::TimePoint now,
         bool json) {
  const Result<Listed> found = find_session(store, id);
  if (!found) return console.fail(found.error());
  console.out() << (json ? json_line(json_of(*found, now)) : details(*found, now));
  return kExitDone;
}

int stats(core::SessionStore& store, Console& console, const std::string& directory,
          core::TimePoint now, bool json) {
  const Result<Statistics> statistics = gather(store, console, directory, now);
  if (!statistics) return console.fail(statistics.error());
  console.out() << (json ? json_line(json_of(*statistics)) : text_of(*statistics, directory));
  return kExitDone;
}

}  // namespace epoch::cli
