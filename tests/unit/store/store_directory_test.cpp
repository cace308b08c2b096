// Whose directory a store may stand in, and what the administrator is told where it may not.
#include "store/store_directory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "store/lmdb_store.h"
#include "store_testing.h"

namespace epoch::store {
namespace {

namespace fs = std::filesystem;

using core::Result;

constexpr uid_t kNobody = 65534;

// What a user without privileges is told; as root, who may do anything, in a process that is not.
class StoreDirectory : public testing::Test {
 protected:
  // The sentence of check_store() and of the store itself, or "fine".
  std::string verdict_for_nobody() {
    Process user([&](const Process::Talk& test) {
      if (::geteuid() == 0 && (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) return false;
      const Result<core::Done> checked = check_store(directory_.path());
      const Result<core::Done> prepared = prepare_store(options_for(directory_));
      LmdbStore store(options_for(directory_));
      const bool answers = store.moment().ok();
      EXPECT_EQ(checked.ok(), prepared.ok());
      EXPECT_EQ(checked.ok(), answers);
      test.say(checked ? "fine" : checked.error().detail);
      return true;
    });
    std::string verdict = user.talk().hear();
    EXPECT_TRUE(user.succeeds());
    return verdict;
  }

  void give_to_nobody() {
    if (::geteuid() != 0) return;
    ASSERT_EQ(::chown(directory_.path().c_str(), kNobody, kNobody), 0);
    for (const fs::directory_entry& entry : fs::directory_iterator(directory_.path())) {
      ASSERT_EQ(::chown(entry.path().c_str(), kNobody, kNobody), 0);
    }
  }

  ScratchDirectory directory_;
};

TEST_F(StoreDirectory, OfTheUserAloneIsFine) {
  give_to_nobody();
  EXPECT_EQ(verdict_for_nobody(), "fine");
  for (const char* file : {"data.mdb", "lock.mdb", "generation", "store.lock"}) {
    const fs::perms mode = fs::status(directory_.path() + "/" + file).permissions();
    EXPECT_EQ(mode, fs::perms::owner_read | fs::perms::owner_write) << file;
  }
}

TEST_F(StoreDirectory, ThatIsReadOnlyIsRefusedAndNothingIsSetAside) {
  { LmdbStore store(options_for(directory_)); }
  give_to_nobody();
  fs::permissions(directory_.path(), fs::perms::owner_read | fs::perms::owner_exec);
  EXPECT_NE(verdict_for_nobody().find("is not writable for"), std::string::npos);
  fs::permissions(directory_.path(), fs::perms::owner_all);
  EXPECT_TRUE(set_aside_in(directory_).empty());
}

TEST_F(StoreDirectory, WithAFileThatIsReadOnlyIsRefusedAndNothingIsSetAside) {
  { LmdbStore store(options_for(directory_)); }
  give_to_nobody();
  fs::permissions(directory_.path() + "/data.mdb", fs::perms::owner_read);
  EXPECT_NE(verdict_for_nobody().find("chmod 600"), std::string::npos);
  EXPECT_TRUE(set_aside_in(directory_).empty());
}

TEST_F(StoreDirectory, OpenToOthersIsRefused) {
  give_to_nobody();
  fs::permissions(directory_.path(), fs::perms(0750));
  EXPECT_NE(verdict_for_nobody().find("chmod 700"), std::string::npos);
}

TEST_F(StoreDirectory, OfAnotherOwnerIsRefusedWithBothNames) {
  if (::geteuid() == 0) {
    const std::string verdict = verdict_for_nobody();
    EXPECT_NE(verdict.find("belongs to root, but httpd works as nobody"), std::string::npos)
        << verdict;
    return;
  }
  EXPECT_NE(check_store("/").error().detail.find("belongs to root"), std::string::npos);
}

TEST_F(StoreDirectory, AFileOfAnotherOwnerIsRefused) {
  if (::geteuid() == 0) {
    { LmdbStore store(options_for(directory_)); }
    give_to_nobody();
    ASSERT_EQ(::chown((directory_.path() + "/lock.mdb").c_str(), 0, 0), 0);
    const std::string verdict = verdict_for_nobody();
    EXPECT_NE(verdict.find("lock.mdb belongs to root"), std::string::npos) << verdict;
    return;
  }
  fs::create_symlink("/etc/passwd", directory_.path() + "/lock.mdb");
  EXPECT_NE(verdict_for_nobody().find("is not a plain file"), std::string::npos);
}

TEST_F(StoreDirectory, CheckingChangesNothing) {
  const std::string missing = directory_.path() + "/missing";
  EXPECT_TRUE(check_store(missing).ok());
  EXPECT_FALSE(fs::exists(missing));
  EXPECT_TRUE(check_store(directory_.path()).ok());
  EXPECT_TRUE(fs::is_empty(directory_.path()));
}

TEST_F(StoreDirectory, WithoutAParentIsRefusedWithTheCommandThatHelps) {
  const Result<core::Done> checked = check_store(directory_.path() + "/above/store");
  ASSERT_FALSE(checked.ok());
  EXPECT_NE(checked.error().detail.find("install -d -o"), std::string::npos);
}

TEST_F(StoreDirectory, ThatIsAFileIsRefused) {
  const std::string file = directory_.path() + "/file";
  std::ofstream(file) << "x";
  EXPECT_NE(check_store(file).error().detail.find("is not a directory"), std::string::npos);
}

}  // namespace
}  // namespace epoch::store
