// AuthEpochAuditLog: a file, or a command, that is told line by line what happens to sessions.
#pragma once

#include <httpd.h>

#include <apr_file_io.h>

#include <atomic>
#include <string>

#include "core/result.h"
#include "web/audit_line.h"

namespace epoch::httpd {

// Opened before the fork, with the rights httpd was started with, and inherited by the children, as
// httpd's own logs are. Lines of several processes and threads do not mix: each is one write, to a
// file at its end. Any thread may write.
class AuditLog {
 public:
  // Belongs to the pool, which closes the file or ends the command. `destination` is what the
  // directive says: a path or | and a command.
  static core::Result<AuditLog*> open(apr_pool_t* pool, server_rec* main,
                                      const std::string& destination);

  // `is_out` is shared by all processes and outlives this.
  AuditLog(apr_file_t* file, std::string node, server_rec* main, std::atomic<bool>& is_out);

  // Adds time and node. What cannot be written is lost: the log says so once, and nobody is refused
  // for it. Answers whether it was written.
  bool write(web::AuditLine line) noexcept;

 private:
  void note(apr_status_t status) noexcept;

  apr_file_t* file_;
  const std::string node_;
  server_rec* main_;
  std::atomic<bool>& is_out_;
};

}  // namespace epoch::httpd
