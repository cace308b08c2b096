#include "httpd/audit.h"

#include <apr_network_io.h>
#include <apr_strings.h>
#include <http_log.h>

#include <array>
#include <utility>

#include "httpd/boundary.h"
#include "httpd/shared_memory.h"

APLOG_USE_MODULE(auth_epoch);

namespace epoch::httpd {
namespace {

// It names people: what the group may read, an administrator decides by the directory's group.
constexpr apr_fileperms_t kPermissions = APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD;

core::Error cannot_open(const std::string& destination, apr_status_t status) {
  std::array<char, 256> why{};
  apr_strerror(status, why.data(), why.size());
  return {core::ErrorCode::Unavailable,
          "AuthEpochAuditLog " + destination + " cannot be opened: " + why.data()};
}

core::Result<apr_file_t*> open_file(apr_pool_t* pool, const std::string& path) {
  apr_file_t* file = nullptr;
  const apr_status_t status =
      apr_file_open(&file, path.c_str(),
                    APR_FOPEN_WRITE | APR_FOPEN_APPEND | APR_FOPEN_CREATE | APR_FOPEN_LARGEFILE,
                    kPermissions, pool);
  if (status != APR_SUCCESS) return cannot_open(path, status);
  return file;
}

core::Result<apr_file_t*> start_command(apr_pool_t* pool, const std::string& destination) {
  piped_log* pipe = ap_open_piped_log(pool, destination.c_str() + 1);
  if (pipe == nullptr) return cannot_open(destination, APR_EGENERAL);
  return ap_piped_log_write_fd(pipe);
}

std::string host_name(apr_pool_t* pool) {
  std::array<char, APRMAXHOSTLEN + 1> name{};
  const apr_status_t status = apr_gethostname(name.data(), static_cast<int>(name.size()), pool);
  return status == APR_SUCCESS ? name.data() : "";
}

}  // namespace

core::Result<AuditLog*> AuditLog::open(apr_pool_t* pool, server_rec* main,
                                       const std::string& destination) {
  core::Result<apr_file_t*> file = destination.starts_with('|') ? start_command(pool, destination)
                                                                : open_file(pool, destination);
  if (!file) return file.error();
  auto& is_out = *make_shared_by_processes<std::atomic<bool>>(pool);
  return make_in_pool<AuditLog>(pool, *file, host_name(pool), main, is_out);
}

AuditLog::AuditLog(apr_file_t* file, std::string node, server_rec* main, std::atomic<bool>& is_out)
    : file_(file), node_(std::move(node)), main_(main), is_out_(is_out) {}

bool AuditLog::write(web::AuditLine line) noexcept {
  return guarded(main_, false, [&] {
    line.time = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    line.node = node_;
    const std::string text = web::to_json(line);
    apr_size_t written = text.size();
    apr_status_t status = apr_file_write(file_, text.data(), &written);
    if (status == APR_SUCCESS && written < text.size()) status = APR_ENOSPC;
    note(status);
    return status == APR_SUCCESS;
  });
}

void AuditLog::note(apr_status_t status) noexcept {
  const bool is_out = status != APR_SUCCESS;
  if (is_out_.load(std::memory_order_relaxed) == is_out || is_out_.exchange(is_out) == is_out) {
    return;
  }
  if (is_out) {
    ap_log_error(APLOG_MARK, APLOG_ERR, status, main_,
                 "the audit log (AuthEpochAuditLog) cannot be written. Until it can, its lines are "
                 "lost; nobody is refused for it");
  } else {
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, main_, "the audit log is written again");
  }
}

}  // namespace epoch::httpd
