#include "cli/transfer.h"

#include <istream>
#include <ostream>
#include <set>

#include "cli/format.h"
#include "core/bytes.h"

namespace epoch::cli {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr const char* kFormat = "mod_auth_epoch sessions";
constexpr int kVersion = 1;
constexpr std::size_t kLinesBetweenReports = 1000;

Json head() { return {{"format", kFormat}, {"version", kVersion}}; }

Json foot_of(const store::Contents& contents) {
  return {{"records", contents.records.size()}, {"epochs", contents.epochs.size()}};
}

Json line_of(const core::RecordKey& key, const core::Record& record) {
  return {{"key", core::base64url_encode(key.value)},
          {"record", core::base64url_encode(core::bytes_of(core::encode(record)))}};
}

Json line_of(const store::KeyedEpoch& keyed) {
  return {{"epoch", core::base64url_encode(keyed.key)},
          {"value", keyed.epoch.value},
          {"reason", core::to_string(keyed.epoch.reason)}};
}

// The text of a member, which must be there.
std::optional<std::string> text_in(const Json& line, const char* name) {
  const auto member = line.find(name);
  if (member == line.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

std::optional<std::string> bytes_in(const Json& line, const char* name) {
  const std::optional<std::string> text = text_in(line, name);
  return text ? core::base64url_decode(*text) : std::nullopt;
}

std::optional<core::Hash256> hash_in(const Json& line, const char* name) {
  const std::optional<std::string> bytes = bytes_in(line, name);
  core::Hash256 hash;
  if (!bytes || bytes->size() != hash.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

std::optional<core::EndReason> reason_in(const Json& line) {
  const std::optional<std::string> word = text_in(line, "reason");
  for (unsigned number = 0; word && number <= 0xff; ++number) {
    const auto reason = static_cast<core::EndReason>(number);
    if (core::is_end_reason(reason) && core::to_string(reason) == *word) return reason;
  }
  return std::nullopt;
}

// Reads the lines between the head and the foot.
class Reader {
 public:
  // False where the line is not as export writes it, or says again what another has said.
  bool read(const Json& line) {
    return line.contains("epoch") ? read_epoch(line) : read_record(line);
  }
  store::Contents contents;

 private:
  bool read_record(const Json& line) {
    const std::optional<core::Hash256> key = hash_in(line, "key");
    const std::optional<std::string> bytes = bytes_in(line, "record");
    if (line.size() != 2 || !key || !bytes) return false;
    std::optional<core::Record> record = core::decode_record(core::bytes_of(*bytes));
    if (!record || !keys_.insert(*key).second) return false;
    contents.records.emplace_back(core::RecordKey{*key}, *std::move(record));
    return true;
  }

  bool read_epoch(const Json& line) {
    const std::optional<core::Hash256> key = hash_in(line, "epoch");
    const std::optional<core::EndReason> reason = reason_in(line);
    const auto value = line.find("value");
    if (line.size() != 3 || !key || !reason || value == line.end() ||
        !value->is_number_unsigned() || !epochs_.insert(*key).second) {
      return false;
    }
    contents.epochs.push_back(
        {.key = *key,
         .epoch = {.value = value->get<std::uint64_t>(), .commit = 0, .reason = *reason}});
    return true;
  }

  std::set<core::Hash256> keys_;
  std::set<core::Hash256> epochs_;
};

Error wrong(std::size_t number, const std::string& why) {
  return {ErrorCode::Malformed,
          "line " + std::to_string(number) + " " + why + "; nothing was imported"};
}

Result<store::Contents> read_lines(std::istream& lines, Console& console) {
  Progress progress(console, "lines read");
  Reader reader;
  bool finished = false;
  std::size_t number = 0;
  for (std::string text; std::getline(lines, text);) {
    ++number;
    if (number % kLinesBetweenReports == 0) progress.advance(kLinesBetweenReports);
    const Json line = Json::parse(text, nullptr, false);
    if (finished) return wrong(number, "comes after the last line of an export");
    if (number == 1) {
      if (line == head()) continue;
      return wrong(number, "does not begin an export that this epochctl can read");
    }
    finished = line == foot_of(reader.contents);
    if (finished) continue;
    if (!line.is_object() || !reader.read(line)) {
      return wrong(number, "is not as epochctl export writes it");
    }
  }
  if (!finished) return wrong(number + 1, "is missing: the export is cut short");
  return std::move(reader.contents);
}

}  // namespace

int export_store(store::LmdbStore& store, Console& console) {
  const Result<store::Contents> contents = store.contents();
  if (!contents) return console.fail(contents.error());
  std::ostream& out = console.out();
  out << json_line(head());
  for (const store::KeyedEpoch& epoch : contents->epochs) out << json_line(line_of(epoch));
  for (const auto& [key, record] : contents->records) out << json_line(line_of(key, record));
  out << json_line(foot_of(*contents));
  return kExitDone;
}

int import_store(store::LmdbStore& store, Console& console, std::istream& lines, bool json) {
  const Result<store::Contents> contents = read_lines(lines, console);
  if (!contents) return console.fail(contents.error());
  const Result<bool> filled = store.fill(*contents);
  if (!filled) return console.fail(filled.error());
  if (!*filled) {
    console.complain(
        "the store has sessions already, and an import must not overwrite them; "
        "nothing was imported");
    return kExitFailed;
  }
  const std::size_t records = contents->records.size();
  console.out() << (json ? json_line({{"imported", records}})
                         : "Imported " + counted(records, "record") + "\n");
  return kExitDone;
}

}  // namespace epoch::cli
