// Where a list goes on, what is searched for and which session is meant are texts that clients
// send: whatever they are, a list holds what it says, and comes to an end.
#include <set>
#include <vector>

#include "core/administration.h"
#include "core/own_sessions.h"
#include "scratch_store.h"
#include "store/memory_store.h"

namespace epoch::fuzz {
namespace {

using core::NamedSession;
using core::Position;
using Keys = std::set<core::RecordKey>;

constexpr core::TimePoint kNoon{core::Seconds(1'800'000'000)};
constexpr core::Limits kLimits{.idle = core::Seconds(1800), .max_age = core::Seconds(36000)};

// Names that sort, fold and cut in ways of their own.
const std::vector<std::string>& names() {
  static const std::vector<std::string> kNames{"alice",
                                               "Alice",
                                               "al",
                                               "bob",
                                               "B\xc3\xb6"
                                               "b",
                                               "",
                                               std::string("a\0b", 3),
                                               "\xff\xff",
                                               std::string(700, 'n'),
                                               std::string(700, 'n') + "m",
                                               std::string(466, 'n'),
                                               "alice/zone"};
  return kNames;
}

void fill(core::SessionStore& store) {
  std::uint8_t number = 0;
  for (const std::string& name : names()) {
    for (const std::string zone : {"zone", "another"}) {
      for (int login = 0; login < 2; ++login) {
        core::Hash256 root{};
        root[0] = ++number;
        core::Hash256 follows{};
        follows[1] = number;
        core::Session session;
        session.identity.user = name;
        session.zone = zone;
        session.created = session.authenticated = session.verified = session.last_seen =
            kNoon + core::Seconds(login);
        session.expires = session.created + kLimits.max_age;
        const core::Result<core::Opened> opened = store.open({.key = core::record_key_of(root),
                                                              .root = root,
                                                              .session = session,
                                                              .follows = {.root = follows},
                                                              .signing_key = 1,
                                                              .seen = *store.moment(),
                                                              .limits = kLimits,
                                                              .now = kNoon});
        require(opened && opened->outcome == core::OpenOutcome::Opened, "a session can be opened");
      }
    }
  }
}

struct Stores {
  Stores() {
    fill(*disk);
    fill(memory);
  }
  ScratchStore disk;
  store::MemoryStore memory;
};

Stores& stores() {
  static Stores kStores;
  return kStores;
}

// Reads a list from `from` to its end.
template <typename Page>
std::vector<NamedSession> walk(std::optional<Position> from, const Page& page) {
  std::vector<NamedSession> all;
  Keys seen;
  for (std::size_t pages = 0; pages <= 100; ++pages) {
    const core::Result<core::IndexPage> next = page(from);
    require(next.ok(), "a position is never an error");
    for (const NamedSession& session : next->sessions) {
      require(seen.insert(session.key).second, "nobody is listed twice");
      all.push_back(session);
    }
    if (!next->next) return all;
    require(next->next != from, "a list goes on");
    from = next->next;
  }
  require(false, "a list comes to its end");
  return all;
}

Keys keys_of(const std::vector<NamedSession>& sessions) {
  Keys keys;
  for (const NamedSession& session : sessions) keys.insert(session.key);
  return keys;
}

void own_sessions(FuzzedDataProvider& input, const Position& position) {
  const core::Identity user{.user = input.PickValueInArray({"alice", "al", "bob", "nobody"})};
  const std::string zone = input.PickValueInArray({"zone", "another", "none"});
  const auto limit = input.ConsumeIntegralInRange<std::size_t>(1, 4);
  const auto page = [&](core::SessionStore& store) {
    return [&](const std::optional<Position>& at) { return store.list_of(user, zone, at, limit); };
  };
  const std::vector<NamedSession> all = walk({}, page(*stores().disk));
  require(keys_of(all) == keys_of(walk({}, page(stores().memory))), "two stores list the same");
  for (const NamedSession& session : walk(position, page(*stores().disk))) {
    require(session.session->identity.user == user.user && session.session->zone == zone,
            "whoever goes on somewhere else sees nobody else's sessions");
  }
}

void everybodys(FuzzedDataProvider& input, const Position& position, std::string_view beginning) {
  const auto limit = input.ConsumeIntegralInRange<std::size_t>(4, 20);
  const auto page = [&](core::SessionStore& store) {
    return
        [&](const std::optional<Position>& at) { return store.list_by_name(beginning, at, limit); };
  };
  const Keys all = keys_of(walk({}, page(*stores().disk)));
  require(all == keys_of(walk({}, page(stores().memory))), "two stores find the same");
  for (const core::RecordKey& key : keys_of(walk(position, page(*stores().disk)))) {
    require(all.contains(key), "whoever goes on somewhere sees what is in the list");
  }
}

void searching(FuzzedDataProvider& input, const Position& position, const std::string& text) {
  const core::SessionFilter filter{
      .user = input.ConsumeBool() ? text : "",
      .zone = input.PickValueInArray({"", "zone", "none"}),
      .address = input.ConsumeBool() ? "" : text,
      .signed_in_for = core::Seconds(input.ConsumeIntegral<std::uint16_t>())};
  const core::Result<core::SessionsFound> found =
      core::find_sessions(*stores().disk, filter, position, 5, kNoon + core::Seconds(60));
  require(found.ok() && found->sessions.size() <= 5, "a search finds what there is room for");
  for (const NamedSession& session : found->sessions) {
    require(filter.zone.empty() || session.session->zone == filter.zone, "and what was asked for");
  }
}

void naming(std::string_view id) {
  const core::Result<std::optional<core::Listed>> found = core::find_session(*stores().disk, id);
  require(found.ok(), "no name of a session is an error");
  require(!*found || core::equals_ignoring_case(core::public_id((*found)->key), id),
          "a session is named by its whole id");
}

}  // namespace
}  // namespace epoch::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace epoch;
  FuzzedDataProvider input(bytes, size);
  const std::string text = input.ConsumeRandomLengthString(800);
  core::Position position = text;
  if (input.ConsumeBool()) {
    // One that the store gave, changed somewhere.
    const auto page =
        fuzz::stores().disk->list_by_name("", {}, input.ConsumeIntegralInRange<std::size_t>(1, 60));
    position = page->next.value_or(text);
    for (int left = input.ConsumeIntegralInRange(0, 3); left > 0 && !position.empty(); --left) {
      position[input.ConsumeIntegralInRange<std::size_t>(0, position.size() - 1)] =
          input.ConsumeIntegral<char>();
    }
    if (input.ConsumeBool()) {
      position.resize(input.ConsumeIntegralInRange<std::size_t>(0, position.size()));
    }
  }
  fuzz::own_sessions(input, position);
  fuzz::everybodys(input, position, text);
  fuzz::everybodys(input, position, "");
  fuzz::searching(input, position, text);
  fuzz::naming(text);
  return 0;
}
