#include "store_testing.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

namespace epoch::store {

std::string file_content(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

void overwrite(const std::string& path, std::size_t offset, std::string_view bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(offset));
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void spoil(const std::string& path, std::string_view words) {
  const std::string content = file_content(path);
  const std::string other(1, static_cast<char>(words.front() ^ 1));
  for (std::size_t at = 0; (at = content.find(words, at)) != std::string::npos; ++at) {
    overwrite(path, at, other);
  }
}

ScratchDirectory::ScratchDirectory() {
  // Nothing here outlives a power cut, so nobody need wait for a real disk.
  const std::string parent =
      ::access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : std::filesystem::temp_directory_path();
  std::string name = parent + "/epoch-store-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch directory");
  path_ = name;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::permissions(path_, std::filesystem::perms::owner_all, ignored);
  std::filesystem::remove_all(path_, ignored);
}

core::Hash256 numbered(std::uint64_t number) {
  return core::sha256({core::bytes_of(std::to_string(number))});
}

core::Opening login(std::uint64_t number, const core::Lineage& follows,
                    const core::StoreMoment& seen, core::TimePoint now) {
  core::Opening opening;
  opening.root = numbered(number);
  opening.key = core::record_key_of(opening.root);
  opening.session.identity.user = "alice";
  opening.session.zone = "zone";
  opening.session.proof = numbered(number + 1'000'000);
  opening.session.created = opening.session.authenticated = now;
  opening.session.verified = opening.session.last_seen = now;
  opening.session.expires = now + kLimits.max_age;
  opening.session.address = "192.0.2.1";
  opening.session.user_agent = "Browser/1.0";
  opening.follows = follows;
  opening.signing_key = 7;
  opening.seen = seen;
  opening.limits = kLimits;
  opening.now = now;
  return opening;
}

core::Lineage new_client(std::uint64_t number) {
  return {.root = numbered(number + 2'000'000), .generation = 0};
}

core::Opening open_new(core::SessionStore& store, std::uint64_t number, const std::string& user,
                       const std::string& zone, core::TimePoint now) {
  core::Opening opening = login(number, new_client(number), *store.moment(), now);
  opening.session.identity.user = user;
  opening.session.zone = zone;
  const core::Result<core::Opened> opened = store.open(opening);
  EXPECT_TRUE(opened.ok()) << (opened ? "" : opened.error().detail);
  if (opened) {
    EXPECT_EQ(opened->outcome, core::OpenOutcome::Opened);
  }
  return opening;
}

bool lives(core::SessionStore& store, const core::RecordKey& key) {
  const core::Result<core::Look> look = store.find(key);
  EXPECT_TRUE(look.ok()) << (look ? "" : look.error().detail);
  return look && look->found && look->found->record.session && !look->found->outgrown &&
         !look->found->record.session->end;
}

Log LogLines::log() {
  return [lines = lines_](Severity, const std::string& line) {
    const std::lock_guard lock(lines->mutex);
    lines->lines.push_back(line);
  };
}

std::string LogLines::all() const {
  const std::lock_guard lock(lines_->mutex);
  std::string text;
  for (const std::string& line : lines_->lines) text += line + "\n";
  return text;
}

std::size_t LogLines::count() const {
  const std::lock_guard lock(lines_->mutex);
  return lines_->lines.size();
}

StoreOptions options_for(const ScratchDirectory& directory, const LogLines& lines) {
  StoreOptions options;
  options.directory = directory.path();
  options.map_bytes = std::size_t{64} << 20U;
  options.max_readers = 512;
  options.log = LogLines(lines).log();
  return options;
}

std::vector<std::string> set_aside_in(const ScratchDirectory& directory) {
  std::vector<std::string> names;
  for (const std::filesystem::directory_entry& entry :
       std::filesystem::directory_iterator(directory.path())) {
    const std::string name = entry.path().filename();
    if (name.starts_with("data.mdb.")) names.push_back(name);
  }
  return names;
}

FullDisk::FullDisk() {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  before_ = limit.rlim_cur;
  limit.rlim_cur = 0;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

FullDisk::~FullDisk() {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = before_;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

void Process::Talk::say(const std::string& word) const {
  const std::string line = word + "\n";
  EXPECT_EQ(::write(out_, line.data(), line.size()), static_cast<ssize_t>(line.size()));
}

std::string Process::Talk::hear() const {
  std::string word;
  char c = 0;
  while (::read(in_, &c, 1) == 1 && c != '\n') word += c;
  return word;
}

Process::Process(const std::function<bool(const Talk&)>& body) {
  std::array<int, 2> down{};
  std::array<int, 2> up{};
  if (::pipe(down.data()) != 0 || ::pipe(up.data()) != 0) throw std::runtime_error("no pipe");
  std::fflush(stdout);  // or the other process would print it again
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("no process");
  if (pid_ == 0) {
    ::close(down[1]);
    ::close(up[0]);
    bool succeeded = false;
    try {
      succeeded = body(Talk(down[0], up[1])) && !testing::Test::HasFailure();
    } catch (const std::exception& exception) {
      std::cerr << "in the other process: " << exception.what() << std::endl;
    }
    std::fflush(stdout);
    ::_exit(succeeded ? 0 : 1);
  }
  ::close(down[0]);
  ::close(up[1]);
  in_ = up[0];
  out_ = down[1];
  talk_ = Talk(in_, out_);
}

Process::~Process() {
  if (pid_ > 0) kill();
  ::close(in_);
  ::close(out_);
}

void Process::kill() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

bool Process::succeeds() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace epoch::store
