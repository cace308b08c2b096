#include "store/group_commit.h"

#include <exception>

namespace epoch::store {

core::Result<core::Done> GroupCommit::run(const Operation& operation) {
  CommitRequest mine{operation};
  std::unique_lock lock(mutex_);
  queue_.push_back(&mine);
  batch_done_.wait(lock, [&] { return mine.done || !led_; });
  if (!mine.done) {
    std::vector<CommitRequest*> batch;
    batch.swap(queue_);
    led_ = true;
    lock.unlock();
    lead(batch);
    lock.lock();
    led_ = false;
    for (CommitRequest* request : batch) request->done = true;
    batch_done_.notify_all();
  }
  if (mine.error) return *std::move(mine.error);
  return core::Done{};
}

// Whatever goes wrong, the others are waiting for an answer.
void GroupCommit::lead(std::span<CommitRequest* const> batch) noexcept {
  try {
    committer_(batch);
  } catch (const std::exception& exception) {
    for (CommitRequest* request : batch) {
      request->error =
          core::Error{core::ErrorCode::Unavailable,
                      std::string("The session store could not write: ") + exception.what() + "."};
    }
  }
}

}  // namespace epoch::store
