// `epochctl import`: whatever the file, all of it is imported or nothing; and what was imported is
// exported as it was.
#include <memory>
#include <set>
#include <sstream>

#include "cli/format.h"
#include "cli/transfer.h"
#include "scratch_store.h"

namespace epoch::fuzz {
namespace {

struct Said {
  int status;
  std::string out;
  std::string err;
};

Said import(store::LmdbStore& store, const std::string& text) {
  std::ostringstream out;
  std::ostringstream err;
  cli::Console console(out, err, false);
  std::istringstream lines(text);
  const int status = cli::import_store(store, console, lines, true);
  return {.status = status, .out = out.str(), .err = err.str()};
}

std::string exported(store::LmdbStore& store) {
  std::ostringstream out;
  std::ostringstream err;
  cli::Console console(out, err, false);
  require(cli::export_store(store, console) == cli::kExitDone, "what was imported can be exported");
  return out.str();
}

// Its lines as values: the order of lines, and the spaces in them, are the file's.
std::multiset<std::string> lines_of(const std::string& text) {
  std::multiset<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    lines.insert(nlohmann::json::parse(line).dump());
  }
  return lines;
}

bool is_empty(store::LmdbStore& store) { return store.contents()->records.empty(); }

}  // namespace
}  // namespace epoch::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace epoch;
  const std::string text(fuzz::text_of_input(bytes, size));
  static auto store = std::make_unique<fuzz::ScratchStore>();
  const fuzz::Said said = fuzz::import(**store, text);
  if (said.status != cli::kExitDone) {
    fuzz::require(fuzz::is_empty(**store) && said.out.empty(), "a bad file imports nothing");
    fuzz::require(said.err.find("nothing was imported") != std::string::npos, "and that is said");
    fuzz::require(said.err.find('\n') == said.err.size() - 1, "in one line");
    return 0;
  }
  fuzz::require(fuzz::lines_of(fuzz::exported(**store)) == fuzz::lines_of(text),
                "what was imported is exported as it was");
  const bool filled = !fuzz::is_empty(**store);
  fuzz::require((fuzz::import(**store, text).status != cli::kExitDone) == filled,
                "nothing is imported over sessions");
  store = std::make_unique<fuzz::ScratchStore>();
  return 0;
}
