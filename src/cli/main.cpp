// epochctl: what an administrator does with a store on the command line. Works while httpd runs and
// while it is stopped.
#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <iostream>

#include "cli/listing.h"
#include "cli/owner.h"
#include "core/version.h"
#include "store/directory_files.h"
#include "store/lmdb_store.h"

namespace epoch::cli {
namespace {

constexpr int kExitStoreUnavailable = 1;
constexpr std::size_t kPage = 500;

// Debian's runtime directory of httpd; mod_auth_epoch's default store stands in it.
constexpr const char* kDefaultStore = "/run/apache2/auth_epoch";

int report(const core::Error& error) {
  std::cerr << "epochctl: " << error.detail << "\n";
  return kExitStoreUnavailable;
}

int list(const std::string& directory, bool all) {
  const core::Result<core::Done> became = become_owner_of(directory);
  if (!became) return report(became.error());
  if (!std::filesystem::exists(store::data_path(directory))) {
    // Opening would begin a new store, which is httpd's to do.
    return report({core::ErrorCode::Unavailable, "there is no store in " + directory +
                                                     "; give AuthEpochStore's directory with "
                                                     "--store"});
  }
  store::StoreOptions options;
  options.directory = directory;
  std::string said;  // the store logs why it does not open, and answers with the same sentence
  options.log = [&said](store::Severity severity, const std::string& line) {
    if (severity == store::Severity::Info) return;
    std::cerr << "epochctl: " << line << "\n";
    said = line;
  };
  store::LmdbStore store(std::move(options));

  const auto now = std::chrono::time_point_cast<core::Seconds>(std::chrono::system_clock::now());
  std::optional<core::RecordKey> from;
  std::cout << listing_header() << "\n";
  do {
    core::Result<core::ListPage> page = store.list(from, kPage);
    if (!page && page.error().detail == said) return kExitStoreUnavailable;
    if (!page) return report(page.error());
    for (const core::Listed& listed : page->sessions) {
      if (all || state_of(listed, now) == "live") std::cout << listing_line(listed, now) << "\n";
    }
    from = page->next;
  } while (from);
  return 0;
}

int run(int argc, char** argv) {
  CLI::App app{"Looks after the sessions of mod_auth_epoch.", "epochctl"};
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("epochctl ") + core::kVersion);

  app.add_subcommand("version", "Print the version and end.")->callback([] {
    std::cout << "epochctl " << core::kVersion << "\n";
  });

  std::string directory = kDefaultStore;
  bool all = false;
  CLI::App* list_command = app.add_subcommand("list", "List the live sessions of a store.");
  list_command->add_option("--store", directory, "The directory of AuthEpochStore")
      ->capture_default_str();
  list_command->add_flag("--all", all, "List ended sessions too");

  CLI11_PARSE(app, argc, argv);
  return *list_command ? list(directory, all) : 0;
}

}  // namespace
}  // namespace epoch::cli

int main(int argc, char** argv) {
  try {
    return epoch::cli::run(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "epochctl: " << e.what() << "\n";
    return 2;
  }
}
