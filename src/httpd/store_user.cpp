#include "httpd/store_user.h"

#include <httpd.h>

#include <grp.h>
#include <http_core.h>
#include <http_log.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <unixd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>

#include "httpd/boundary.h"
#include "httpd/config.h"
#include "store/store_directory.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

constexpr const char* kDefaultStore = "auth_epoch";

core::Error error_of(const std::string& what) {
  return {core::ErrorCode::Unavailable, what + ": " + std::strerror(errno)};
}

bool is_root() { return geteuid() == 0; }

bool become_httpd_user() {
  if (!is_root()) return true;
  return setgid(ap_unixd_config.group_id) == 0 &&
         initgroups(ap_unixd_config.user_name, ap_unixd_config.group_id) == 0 &&
         setuid(ap_unixd_config.user_id) == 0;
}

void write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string read_all(int descriptor) {
  std::string text;
  char buffer[512];
  for (;;) {
    const ssize_t length = read(descriptor, buffer, sizeof buffer);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(length));
  }
}

// Runs the body in a child process as httpd's User. Its error, if it has one, comes back in words.
core::Result<core::Done> run_as_httpd_user(const std::function<core::Result<core::Done>()>& body) {
  int ends[2];
  if (pipe(ends) != 0) return error_of("cannot make a pipe");
  const pid_t pid = fork();
  if (pid < 0) {
    close(ends[0]);
    close(ends[1]);
    return error_of("cannot start a process");
  }
  if (pid == 0) {
    close(ends[0]);
    int status = 1;
    try {
      const core::Result<core::Done> done =
          become_httpd_user() ? body()
                              : core::Result<core::Done>(error_of("cannot become httpd's User"));
      status = done ? 0 : 1;
      if (!done) write_all(ends[1], done.error().detail);
    } catch (const std::exception& e) {
      write_all(ends[1], e.what());
    }
    _exit(status);
  }
  close(ends[1]);
  const std::string detail = read_all(ends[0]);
  close(ends[0]);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return core::Done{};
  return core::Error{core::ErrorCode::Unavailable,
                     detail.empty() ? "the process that looks at the store died" : detail};
}

// Root makes the directory, as its parent usually belongs to root.
core::Result<core::Done> make_directory_for_httpd_user(const std::string& directory) {
  struct stat status {};
  if (stat(directory.c_str(), &status) == 0) return core::Done{};
  if (errno != ENOENT) return error_of("cannot look at the store directory " + directory);
  if (mkdir(directory.c_str(), S_IRWXU) != 0) {
    return error_of("cannot make the store directory " + directory +
                    "; make it by hand, with mode 0700 and httpd's User as owner");
  }
  if (is_root() &&
      chown(directory.c_str(), ap_unixd_config.user_id, ap_unixd_config.group_id) != 0) {
    return error_of("cannot give the store directory " + directory + " to httpd's User");
  }
  return core::Done{};
}

}  // namespace

std::string store_directory_of(apr_pool_t* pool, const server_rec* main) {
  const ServerConfig& config = server_config_of(main);
  if (config.store_directory) return *config.store_directory;
  return ap_runtime_dir_relative(pool, kDefaultStore);
}

core::Result<core::Done> check_store_as_user(const std::string& directory) {
  struct stat status {};
  const std::string parent = std::filesystem::path(directory).parent_path();
  if (is_root() && stat(directory.c_str(), &status) != 0 && errno == ENOENT) {
    // Start-up will make it; what can be wrong is that there is no place for it.
    if (stat(parent.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) return core::Done{};
    return core::Error{core::ErrorCode::Unavailable,
                       "the store " + directory + " cannot be made, as " + parent +
                           " is not a directory; make it, or give another place"};
  }
  return run_as_httpd_user([&] { return store::check_store(directory); });
}

core::Result<core::Done> prepare_store_as_user(const store::StoreOptions& options) {
  core::Result<core::Done> made = make_directory_for_httpd_user(options.directory);
  if (!made) return made;
  return run_as_httpd_user([&] { return store::prepare_store(options); });
}

}  // namespace epoch::httpd
