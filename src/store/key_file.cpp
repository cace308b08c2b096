#include "store/key_file.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "store/directory_files.h"

namespace epoch::store {
namespace {

constexpr off_t kLargestFile = 64 * 1024;

core::Error error_of(const std::string& path, const std::string& what) {
  return {core::ErrorCode::Malformed, "AuthEpochKeyFile " + path + ": " + what};
}

core::Error system_error(const std::string& path, const std::string& what) {
  return error_of(path, what + ": " + std::strerror(errno));
}

core::Result<core::KeyRing> keys_in(const UniqueFd& file, const std::string& path) {
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

bool write_and_sync(const UniqueFd& file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return fsync(file.get()) == 0;
}

// What a key file that is replaced passes on to the new one.
struct Attributes {
  mode_t mode = 0600;
  std::optional<gid_t> group = std::nullopt;
};

bool write_new(const UniqueFd& file, const core::KeyRing& keys, const Attributes& attributes) {
  if (attributes.group && fchown(file.get(), static_cast<uid_t>(-1), *attributes.group) != 0) {
    return false;
  }
  if (fchmod(file.get(), attributes.mode) != 0) return false;
  std::string text = keys.serialize();
  const bool written = write_and_sync(file, text);
  OPENSSL_cleanse(text.data(), text.size());
  return written;
}

// Written under another name and renamed, so that nobody ever finds half a key file.
core::Result<core::Done> write_keys(const std::string& path, const core::KeyRing& keys,
                                    const Attributes& attributes) {
  const std::string unfinished = path + ".new";
  unlink(unfinished.c_str());
  const UniqueFd file(
      open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return system_error(path, "cannot be made");
  if (!write_new(file, keys, attributes) || rename(unfinished.c_str(), path.c_str()) != 0) {
    const core::Error error = system_error(path, "cannot be written");
    unlink(unfinished.c_str());
    return error;
  }
  const std::string parent = std::filesystem::path(path).parent_path();
  const UniqueFd directory(
      open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) fsync(directory.get());
  return core::Done{};
}

core::SigningKey new_key(core::Entropy& entropy, core::TimePoint made) {
  core::Hash256 secret;
  entropy.fill(secret);
  core::SigningKey key(made, secret);
  OPENSSL_cleanse(secret.data(), secret.size());
  return key;
}

core::Result<core::KeyRing> make_keys(const std::string& path, core::Entropy& entropy,
                                      core::TimePoint now) {
  core::KeyRing keys({new_key(entropy, now)});
  if (core::Result<core::Done> written = write_keys(path, keys, {}); !written) {
    return written.error();
  }
  return keys;
}

UniqueFd open_key_file(const std::string& path) {
  return UniqueFd(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
}

}  // namespace

core::Result<core::KeyRing> read_or_make_keys(const std::string& path, core::Entropy& entropy,
                                              core::TimePoint now) {
  const UniqueFd file = open_key_file(path);
  if (file) return keys_in(file, path);
  if (errno == ENOENT) return make_keys(path, entropy, now);
  return system_error(path, "cannot be opened");
}

core::Result<core::KeyRing> read_keys(const std::string& path) {
  const UniqueFd file = open_key_file(path);
  if (!file) return system_error(path, "cannot be opened");
  return keys_in(file, path);
}

core::Result<core::KeyRing> rotate_keys(const std::string& path, core::Entropy& entropy,
                                        core::TimePoint now, std::size_t keep) {
  const UniqueFd file = open_key_file(path);
  if (!file) return system_error(path, "cannot be opened");
  const core::Result<core::KeyRing> old = keys_in(file, path);
  if (!old) return old;
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return system_error(path, "cannot be examined");

  std::vector<core::SigningKey> keys = old->keys();
  keys.push_back(new_key(entropy, std::max(now, old->newest().created() + core::Seconds(1))));
  if (keys.size() > keep) keys.erase(keys.begin(), keys.end() - static_cast<std::ptrdiff_t>(keep));
  core::KeyRing rotated(std::move(keys));
  const Attributes as_before{.mode = status.st_mode & 0777U, .group = status.st_gid};
  if (core::Result<core::Done> written = write_keys(path, rotated, as_before); !written) {
    return written.error();
  }
  return rotated;
}

}  // namespace epoch::store
