#include "store/verification.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>

#include "store/lmdb_errors.h"
#include "store/walk.h"

namespace epoch::store {
namespace {

using core::Done;
using core::Error;
using core::ErrorCode;
using core::Result;

// What a meta page of LMDB 0.9 says, where it stands on 64-bit systems.
struct Meta {
  bool is_blank;
  std::uint32_t magic;
  std::uint32_t version;
  std::uint32_t page_size;
  std::uint64_t last_page;
  std::uint64_t transaction;
};
constexpr std::size_t kMetaBytes = 152;
constexpr std::uint32_t kMagic = 0xBEEFC0DE;
constexpr std::uint32_t kLmdbVersion = 1;
constexpr std::size_t kSmallestPage = 256;
constexpr std::size_t kLargestPage = 65536;
constexpr std::size_t kPagesOfANewStore = 16;  // more than its tables take

template <typename Integer>
Integer at(const std::array<char, kMetaBytes>& bytes, std::size_t offset) {
  Integer value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

// nullopt where the file ends before. What cannot be read is not damaged for that.
Result<std::optional<Meta>> read_meta(int file, std::size_t offset, const std::string& path) {
  std::array<char, kMetaBytes> bytes{};
  const ssize_t length = ::pread(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
  if (length < 0) return system_error(errno, "read", path);
  if (length < static_cast<ssize_t>(bytes.size())) return std::optional<Meta>();
  return std::optional(Meta{.is_blank = bytes == std::array<char, kMetaBytes>{},
                            .magic = at<std::uint32_t>(bytes, 16),
                            .version = at<std::uint32_t>(bytes, 20),
                            .page_size = at<std::uint32_t>(bytes, 40),
                            .last_page = at<std::uint64_t>(bytes, 136),
                            .transaction = at<std::uint64_t>(bytes, 144)});
}

struct Header {
  std::optional<Meta> first;
  std::optional<Meta> second;
  std::uint64_t file_bytes = 0;
};

// nullopt where there is no file, or nothing in it yet.
Result<std::optional<Header>> read_header(const StoreOptions& options) {
  const std::string path = data_path(options.directory);
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT) return std::optional<Header>();
    return system_error(errno, "open", path);
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return system_error(errno, "examine", path);
  if (status.st_size == 0) return std::optional<Header>();
  Header header;
  header.file_bytes = static_cast<std::uint64_t>(status.st_size);
  const Result<std::optional<Meta>> first = read_meta(file.get(), 0, path);
  if (!first) return first.error();
  header.first = *first;
  if (header.first) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    const Result<std::optional<Meta>> second =
        read_meta(file.get(), header.first->is_blank ? page : header.first->page_size, path);
    if (!second) return second.error();
    header.second = *second;
  }
  return std::optional(header);
}

bool says_nothing(const Meta& meta) {
  return meta.is_blank || (meta.magic == kMagic && meta.transaction == 0);
}

// The meta pages are written before anything else; until the first commit, which makes the tables,
// is synced, a power cut may leave any part of it all.
bool was_never_finished(const Header& header) {
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return header.first && says_nothing(*header.first) &&
         (!header.second || says_nothing(*header.second)) &&
         header.file_bytes <= kPagesOfANewStore * page;
}

// What no reading is needed for, or what LMDB could not even open.
std::optional<Unfit> fault_of(const Header& header, const StoreOptions& options) {
  const std::optional<Meta>& first = header.first;
  if (!first || first->magic != kMagic || first->page_size < kSmallestPage ||
      first->page_size > kLargestPage) {
    return Unfit{.tag = "damaged", .why = "is not a store (it has no LMDB header)"};
  }
  if (first->version != kLmdbVersion) {
    return Unfit{.tag = "version-lmdb" + std::to_string(first->version),
                 .why = "was written by another version of LMDB"};
  }
  const std::uint64_t most_bytes = std::max<std::uint64_t>(header.file_bytes, options.map_bytes);
  for (const std::optional<Meta>& meta : {first, header.second}) {
    if (meta && meta->last_page > most_bytes / first->page_size) {
      return Unfit{.tag = "damaged", .why = "is damaged: its header points far beyond its end"};
    }
  }
  return std::nullopt;
}

// The two meta pages are written in turn, by transactions that follow each other. While other
// processes write, what is read here may be of different moments; then it only looks wrong. So does
// a file that ends in pages allocated and freed by one transaction, which are never written.
bool looks_right(const Header& header) {
  if (!header.second) return false;
  const Meta& first = *header.first;
  const Meta& second = *header.second;
  const auto [older, newer] = std::minmax(first.transaction, second.transaction);
  return first.page_size == second.page_size && newer - older <= 1 &&
         std::max(first.last_page, second.last_page) < header.file_bytes / first.page_size;
}

std::string sentence_for(int status) {
  return "is damaged: reading it through ended with signal " + std::to_string(WTERMSIG(status));
}

bool is_of_damage(int signal) noexcept {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGABRT || signal == SIGFPE ||
         signal == SIGXCPU;
}

// In the child: nothing that httpd has set up may take part in its crash.
void shed_handlers() noexcept {
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGXCPU, SIGTERM, SIGPIPE}) {
    std::signal(signal, SIG_DFL);
  }
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  const rlimit five_minutes{300, 300};  // a tree that bites its own tail
  ::setrlimit(RLIMIT_CPU, &five_minutes);
}

[[noreturn]] void walk_and_exit(const StoreOptions& options, int out) noexcept {
  shed_handlers();
  std::string answer;
  try {
    const Walked walked = walk(options);
    answer = static_cast<char>(walked.verdict) + walked.detail;
  } catch (const std::exception& exception) {
    answer = static_cast<char>(WalkVerdict::Unknown) + std::string(exception.what());
  }
  const char* next = answer.data();
  for (std::size_t left = answer.size(); left > 0;) {
    const ssize_t written = ::write(out, next, left);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) ::_exit(1);
    next += written;
    left -= static_cast<std::size_t>(written);
  }
  ::_exit(0);
}

std::string read_to_end(int file) {
  std::string text;
  std::array<char, 512> buffer{};
  for (;;) {
    const ssize_t length = ::read(file, buffer.data(), buffer.size());
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(length));
  }
}

// The exit status, or nullopt where SIGCHLD is ignored and nobody can know.
std::optional<int> status_of(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return std::nullopt;
  }
  return status;
}

Error unknown(const StoreOptions& options, const std::string& why) {
  return {ErrorCode::Unavailable,
          "The session store in " + options.directory + " could not be read through: " + why};
}

Result<std::optional<Unfit>> walk_apart(const StoreOptions& options) {
  const std::string path = data_path(options.directory);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error(errno, "check", path);
  const UniqueFd in(ends[0]);
  std::optional<UniqueFd> out(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) return system_error(errno, "start a process to check", path);
  if (child == 0) walk_and_exit(options, out->get());
  out.reset();
  const std::string answer = read_to_end(in.get());
  const std::optional<int> ended = status_of(child);

  if (!answer.empty()) {
    const std::string detail = answer.substr(1);
    switch (static_cast<WalkVerdict>(answer.front())) {
      case WalkVerdict::Sound:
        return std::optional<Unfit>();
      case WalkVerdict::Damaged:
        return std::optional(Unfit{.tag = "damaged", .why = "is damaged: " + detail});
      case WalkVerdict::Unknown:
        return unknown(options, detail);
    }
  }
  if (ended && WIFSIGNALED(*ended) && is_of_damage(WTERMSIG(*ended))) {
    return std::optional(Unfit{.tag = "damaged", .why = sentence_for(*ended)});
  }
  return unknown(options, "the process that did it was stopped.");
}

}  // namespace

Result<Done> discard_unfinished(const StoreOptions& options) {
  const Result<std::optional<Header>> header = read_header(options);
  if (!header) return header.error();
  if (!*header || !was_never_finished(**header)) return Done{};
  const std::string path = data_path(options.directory);
  if (::unlink(path.c_str()) != 0) return system_error(errno, "remove", path);
  return Done{};
}

Result<std::optional<Unfit>> look_at(const StoreOptions& options) {
  const Result<std::optional<Header>> header = read_header(options);
  if (!header) return header.error();
  if (!*header) return std::optional<Unfit>();
  if (std::optional<Unfit> fault = fault_of(**header, options)) return fault;
  if (looks_right(**header)) return std::optional<Unfit>();
  return walk_apart(options);
}

Result<std::optional<Unfit>> read_through(const StoreOptions& options) {
  const Result<std::optional<Header>> header = read_header(options);
  if (!header) return header.error();
  if (!*header) return std::optional<Unfit>();
  if (std::optional<Unfit> fault = fault_of(**header, options)) return fault;
  return walk_apart(options);
}

}  // namespace epoch::store
