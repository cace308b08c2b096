#include "store/contents.h"

namespace epoch::store {

using core::Done;
using core::Result;

Result<Contents> read_contents(const Tables& tables) {
  Contents contents;
  Result<std::vector<KeyedEpoch>> epochs = tables.all_epochs();
  if (!epochs) return epochs.error();
  contents.epochs = *std::move(epochs);
  Result<Tables::Scan> scan = tables.scan(std::nullopt);
  if (!scan) return scan.error();
  for (;;) {
    Result<std::optional<Tables::Scan::Entry>> entry = scan->next();
    if (!entry) return entry.error();
    if (!*entry) return contents;
    contents.records.emplace_back((*entry)->key, std::move((*entry)->record));
  }
}

Result<bool> fill_empty(Tables& tables, const Contents& contents) {
  Result<Tables::Scan> scan = tables.scan(std::nullopt);
  if (!scan) return scan.error();
  const Result<std::optional<Tables::Scan::Entry>> first = scan->next();
  if (!first) return first.error();
  if (*first) return false;
  for (const KeyedEpoch& epoch : contents.epochs) {
    if (Result<Done> raised = tables.raise_epoch_to(epoch); !raised) return raised.error();
  }
  for (const auto& [key, record] : contents.records) {
    if (Result<Done> put = tables.put(key, record); !put) return put.error();
  }
  return true;
}

}  // namespace epoch::store
