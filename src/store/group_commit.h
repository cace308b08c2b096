// Group commit: what the threads of a process want written at the same time goes into one
// transaction and one sync. There is no thread of its own: whoever comes first leads, and takes
// along whatever was queued while the leader before was waiting for the disk.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "core/result.h"

namespace epoch::store {

class Tables;

// What one caller wants done within a transaction. May be run more than once, when another
// operation of the same batch fails; only the last run counts.
using Operation = std::function<core::Result<core::Done>(Tables&)>;

struct CommitRequest {
  const Operation& operation;
  std::optional<core::Error> error = std::nullopt;
  bool done = false;
};

class GroupCommit {
 public:
  // Runs the operations and commits. On return each request has its error, or is durable.
  using Committer = std::function<void(std::span<CommitRequest* const>)>;

  explicit GroupCommit(Committer committer) : committer_(std::move(committer)) {}

  // Returns once the operation is durable or has failed. From any thread.
  core::Result<core::Done> run(const Operation& operation);

 private:
  void lead(std::span<CommitRequest* const> batch) noexcept;

  const Committer committer_;
  std::mutex mutex_;
  std::condition_variable batch_done_;
  std::vector<CommitRequest*> queue_;
  bool led_ = false;
};

}  // namespace epoch::store
