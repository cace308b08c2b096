#include "store/write_batch.h"

#include <algorithm>
#include <vector>

namespace epoch::store {
namespace {

using core::Done;
using core::Result;

void fail_all(std::span<CommitRequest* const> requests, const core::Error& error) {
  for (CommitRequest* request : requests) request->error = error;
}

}  // namespace

void commit_together(Environment& environment, std::span<CommitRequest* const> requests) {
  std::vector<CommitRequest*> rest(requests.begin(), requests.end());
  while (!rest.empty()) {
    Result<TxnHandle> txn = environment.begin_write();
    if (!txn) return fail_all(rest, txn.error());
    Tables tables(environment, txn->get());
    const auto failed = std::find_if(rest.begin(), rest.end(), [&](CommitRequest* request) {
      Result<Done> ran = request->operation(tables);
      if (!ran) request->error = ran.error();
      return !ran;
    });
    if (failed != rest.end()) {
      rest.erase(failed);
      continue;
    }
    const int code = environment.commit(std::move(*txn));
    if (code == MDB_SUCCESS) return;
    // What does not fit together may fit one by one: a logout next to a login too many.
    if (code == MDB_MAP_FULL && rest.size() > 1) {
      for (CommitRequest* request : rest) commit_together(environment, {&request, 1});
      return;
    }
    return fail_all(rest, environment.failed(code, "be written"));
  }
}

}  // namespace epoch::store
