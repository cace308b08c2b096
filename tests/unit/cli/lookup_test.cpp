#include "cli/lookup.h"

#include <gtest/gtest.h>

#include "cli_testing.h"
#include "store/memory_store.h"
#include "store/store_testing.h"

namespace epoch::cli {
namespace {

// A session whose key is chosen, so that ids can begin alike.
void open_at(store::MemoryStore& store, std::uint64_t number, std::uint8_t last_of_id) {
  core::Opening opening = store::login(number, store::new_client(number), *store.moment());
  opening.key = core::RecordKey{.value = {}};
  opening.key.value.fill(0xab);
  opening.key.value[15] = last_of_id;
  ASSERT_EQ(store.open(opening)->outcome, core::OpenOutcome::Opened);
}

TEST(Lookup, ASessionIsFoundByWhatItsIdBeginsWithInEitherCase) {
  store::MemoryStore store;
  open_at(store, 1, 0xf0);
  store::open_new(store, 2);
  store::open_new(store, 3);
  for (const char* id : {"abababab", "ABABABABA", "abababababababababababababababf0"}) {
    const core::Result<core::Listed> found = find_session(store, id);
    ASSERT_TRUE(found.ok()) << id << ": " << found.error().detail;
    EXPECT_EQ(found->key.value[15], 0xf0);
  }
}

TEST(Lookup, AnAmbiguousIdIsAnErrorThatNamesWhatItCouldBe) {
  store::MemoryStore store;
  open_at(store, 1, 0xf0);
  open_at(store, 2, 0xf1);
  const core::Result<core::Listed> found = find_session(store, "abababab");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, core::ErrorCode::Malformed);
  EXPECT_NE(found.error().detail.find("abababababababababababababababf0, "
                                      "abababababababababababababababf1"),
            std::string::npos)
      << found.error().detail;
  EXPECT_TRUE(find_session(store, "abababababababababababababababf1").ok());
}

TEST(Lookup, AnIdThatNamesNothingIsAnError) {
  store::MemoryStore store;
  open_at(store, 1, 0xf0);
  for (const char* id : {"", "abababa", "abababac", "ffffffff", "00000000", "abababag",
                         "abababababababababababababababf0ab"}) {
    const core::Result<core::Listed> found = find_session(store, id);
    ASSERT_FALSE(found.ok()) << id;
    EXPECT_EQ(found.error().code, core::ErrorCode::Malformed);
  }
}

TEST(Lookup, ManyPagesAreReadAndCountedOnATerminalOnly) {
  store::MemoryStore store;
  for (std::uint64_t i = 0; i < 1200; ++i) {
    store::open_new(store, i, i % 3 == 0 ? "alice" : "bob");
  }
  for (const bool terminal : {false, true}) {
    std::ostringstream out;
    std::ostringstream err;
    Console console(out, err, terminal);
    std::size_t seen = 0;
    ASSERT_TRUE(
        for_each_session(store, console, {.user = "alice", .zone = {}}, [&](const core::Listed&) {
          ++seen;
        }).ok());
    EXPECT_EQ(seen, 400U);
    EXPECT_EQ(out.str(), "");
    EXPECT_EQ(err.str(), terminal ? "\r500 sessions read\r1000 sessions read\r1200 sessions read"
                                    "\r\x1b[K"
                                  : "");
  }
}

}  // namespace
}  // namespace epoch::cli
