#include "httpd/key_file.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>

namespace epoch::httpd {
namespace {

constexpr off_t kLargestFile = 64 * 1024;

core::Error error_of(const std::string& path, const std::string& what) {
  return {core::ErrorCode::Malformed, "AuthEpochKeyFile " + path + ": " + what};
}

core::Error system_error(const std::string& path, const std::string& what) {
  return error_of(path, what + ": " + std::strerror(errno));
}

// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  [[nodiscard]] int get() const noexcept { return number_; }
  [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }

 private:
  int number_;
};

core::Result<core::KeyRing> read_keys(const std::string& path, const Descriptor& file) {
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return system_error(path, "cannot be examined");
  if (!S_ISREG(status.st_mode)) return error_of(path, "is not a regular file");
  if (status.st_uid != geteuid()) {
    return error_of(path, "belongs to user " + std::to_string(status.st_uid) +
                              "; it must belong to the user who starts httpd");
  }
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return error_of(path,
                    "may be read by others than its owner; chmod it to 0600 (and remove it, "
                    "so that a new key is made, if somebody may have read it)");
  }
  if (status.st_size > kLargestFile) return error_of(path, "is too large to be a key file");
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t length = 0;
  while (length < text.size()) {
    const ssize_t read_now = read(file.get(), text.data() + length, text.size() - length);
    if (read_now < 0 && errno == EINTR) continue;
    if (read_now < 0) return system_error(path, "cannot be read");
    if (read_now == 0) break;
    length += static_cast<std::size_t>(read_now);
  }
  core::Result<core::KeyRing> keys = core::KeyRing::parse(std::string_view(text).substr(0, length));
  OPENSSL_cleanse(text.data(), text.size());
  if (!keys) return error_of(path, keys.error().detail);
  return keys;
}

bool write_and_sync(const Descriptor& file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return fsync(file.get()) == 0;
}

// Written under another name and renamed, so that nobody ever finds half a key file.
core::Result<core::KeyRing> make_keys(const std::string& path, core::Entropy& entropy,
                                      core::TimePoint now) {
  core::Hash256 secret;
  entropy.fill(secret);
  core::KeyRing keys({core::SigningKey(now, secret)});
  OPENSSL_cleanse(secret.data(), secret.size());

  const std::string unfinished = path + ".new";
  unlink(unfinished.c_str());
  const Descriptor file(
      open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) return system_error(path, "cannot be made");
  std::string text = keys.serialize();
  const bool written = write_and_sync(file, text);
  OPENSSL_cleanse(text.data(), text.size());
  if (!written || rename(unfinished.c_str(), path.c_str()) != 0) {
    const core::Error error = system_error(path, "cannot be written");
    unlink(unfinished.c_str());
    return error;
  }
  const std::string parent = std::filesystem::path(path).parent_path();
  const Descriptor directory(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.is_open()) fsync(directory.get());
  return keys;
}

}  // namespace

core::Result<core::KeyRing> read_or_make_keys(const std::string& path, core::Entropy& entropy,
                                              core::TimePoint now) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (file.is_open()) return read_keys(path, file);
  if (errno == ENOENT) return make_keys(path, entropy, now);
  return system_error(path, "cannot be opened");
}

}  // namespace epoch::httpd
