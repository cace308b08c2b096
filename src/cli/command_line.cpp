#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>

#include "cli/end.h"
#include "cli/inspect.h"
#include "cli/keys.h"
#include "cli/transfer.h"
#include "cli/upkeep.h"
#include "core/version.h"

namespace epoch::cli {
namespace {

// Set by the sub-command that was named, and done when the whole line has been understood.
using Action = std::function<int(Console&)>;

// What the options of all sub-commands are read into.
struct Options {
  std::string directory = kDefaultStore;
  bool json = false;
  bool all = false;
  std::string session;
  Selection selection;
  EndOrder order;
  std::string key_file;
  std::string file;
  std::size_t keep = std::numeric_limits<std::size_t>::max();
  Action action;

  [[nodiscard]] std::string key_path() const {
    return key_file.empty() ? directory + ".key" : key_file;
  }
};

core::TimePoint now() {
  return std::chrono::time_point_cast<core::Seconds>(std::chrono::system_clock::now());
}

template <typename Command>
int with_store(Console& console, const std::string& directory, const Command& command) {
  const core::Result<std::unique_ptr<store::LmdbStore>> store = open_store(directory, console);
  if (!store) return console.fail(store.error());
  return command(**store);
}

void add_store(CLI::App* command, Options& options) {
  command->add_option("--store", options.directory, "The directory of AuthEpochStore")
      ->capture_default_str();
}

CLI::App* add_command(CLI::App& app, Options& options, const std::string& name,
                      const std::string& description) {
  CLI::App* command = app.add_subcommand(name, description);
  add_store(command, options);
  command->add_flag("--json", options.json, "Write JSON");
  return command;
}

void add_selection(CLI::App* command, Selection& selection) {
  command->add_option("--user", selection.user, "Of this user");
  command->add_option("--zone", selection.zone, "In this zone");
}

void add_list(CLI::App& app, Options& options) {
  CLI::App* command = add_command(app, options, "list", "List the live sessions.");
  add_selection(command, options.selection);
  command->add_flag("--all", options.all, "List ended sessions too");
  command->callback([&options] {
    options.action = [&options](Console& console) {
      return with_store(console, options.directory, [&](core::SessionStore& store) {
        return list(store, console, options.selection, options.all, now(), options.json);
      });
    };
  });
}

void add_show(CLI::App& app, Options& options) {
  CLI::App* command = add_command(app, options, "show", "Show everything about one session.");
  command->add_option("session", options.session, "The first 8 or more digits of its id")
      ->required();
  command->callback([&options] {
    options.action = [&options](Console& console) {
      return with_store(console, options.directory, [&](core::SessionStore& store) {
        return show(store, console, options.session, now(), options.json);
      });
    };
  });
}

void add_end(CLI::App& app, Options& options) {
  CLI::App* command = add_command(app, options, "end", "End sessions, at once and for good.");
  EndOrder& order = options.order;
  CLI::Option* sessions =
      command->add_option("session", order.sessions, "The first 8 or more digits of their ids");
  add_selection(command, order.selection);
  CLI::Option* all = command->add_flag("--all", options.all, "All sessions of the store");
  CLI::Option* except =
      command->add_option("--except", order.except, "Keep this session, named as above");
  for (CLI::Option* other : {command->get_option("--user"), command->get_option("--zone")}) {
    other->excludes(sessions);
    other->excludes(all);
  }
  all->excludes(sessions);
  except->excludes(sessions);
  command->callback([&options, &order] {
    const bool selects = order.selection.user || order.selection.zone || options.all;
    if (order.sessions.empty() && !selects) {
      throw CLI::RequiredError("end: which sessions? An id, --user, --zone or --all");
    }
    options.action = [&options](Console& console) {
      return with_store(console, options.directory, [&](core::SessionStore& store) {
        return end(store, console, options.order, now(), options.json);
      });
    };
  });
}

void add_stats(CLI::App& app, Options& options) {
  add_command(app, options, "stats", "Count sessions and users.")->callback([&options] {
    options.action = [&options](Console& console) {
      return with_store(console, options.directory, [&](core::SessionStore& store) {
        return stats(store, console, options.directory, now(), options.json);
      });
    };
  });
}

void add_purge(CLI::App& app, Options& options) {
  add_command(app, options, "purge", "Forget sessions that ended more than two days ago.")
      ->callback([&options] {
        options.action = [&options](Console& console) {
          return with_store(console, options.directory, [&](core::SessionStore& store) {
            return purge(store, console, now(), options.json);
          });
        };
      });
}

void add_check(CLI::App& app, Options& options) {
  add_command(app, options, "check", "Read the whole store through for damage.")
      ->callback([&options] {
        options.action = [&options](Console& console) {
          return check(console, options.directory, options.json);
        };
      });
}

void add_keys(CLI::App& app, Options& options) {
  CLI::App* keys = app.add_subcommand("keys", "List or rotate the signing keys.");
  keys->require_subcommand(1);
  const auto add = [&](const std::string& name, const std::string& description) {
    CLI::App* command = add_command(*keys, options, name, description);
    command->add_option("--file", options.key_file,
                        "The AuthEpochKeyFile; else the path of the store, followed by .key");
    return command;
  };
  add("list", "List the keys' ids and when they were made.")->callback([&options] {
    options.action = [&options](Console& console) {
      return list_keys(console, options.key_path(), options.json);
    };
  });
  CLI::App* rotate = add("rotate", "Add a new key, which signs from httpd's next restart on.");
  rotate->add_option("--keep", options.keep, "Remove all but this many of the newest keys")
      ->check(CLI::Range(std::size_t{2}, std::numeric_limits<std::size_t>::max()));
  rotate->callback([&options] {
    options.action = [&options](Console& console) {
      return rotate_keys(console, options.key_path(), options.keep, now(), options.json);
    };
  });
}

void add_export(CLI::App& app, Options& options) {
  CLI::App* command =
      app.add_subcommand("export", "Write sessions and epochs to standard output, as JSON lines.");
  add_store(command, options);
  command->callback([&options] {
    options.action = [&options](Console& console) {
      return with_store(console, options.directory,
                        [&](store::LmdbStore& store) { return export_store(store, console); });
    };
  });
}

// Opened before root becomes the owner of the store, who may not read the file.
int import_file(Console& console, const Options& options) {
  std::ifstream file;
  const bool from_stdin = options.file == "-";
  if (!from_stdin) {
    file.open(options.file);
    if (!file) {
      console.complain("cannot read " + options.file + ": " + std::strerror(errno));
      return kExitFailed;
    }
  }
  return with_store(console, options.directory, [&](store::LmdbStore& store) {
    return import_store(store, console, from_stdin ? std::cin : file, options.json);
  });
}

void add_import(CLI::App& app, Options& options) {
  CLI::App* command =
      add_command(app, options, "import", "Read an export into a store without sessions.");
  command->add_option("file", options.file, "What export has written; - for standard input")
      ->required();
  command->callback([&options] {
    options.action = [&options](Console& console) { return import_file(console, options); };
  });
}

void add_version(CLI::App& app, Options& options) {
  app.set_version_flag("--version", std::string("epochctl ") + core::kVersion);
  app.add_subcommand("version", "Print the version and end.")->callback([&options] {
    options.action = [](Console& console) {
      console.out() << "epochctl " << core::kVersion << "\n";
      return kExitDone;
    };
  });
}

}  // namespace

int run(std::vector<std::string> arguments, Console& console) {
  CLI::App app{"Looks after the sessions of mod_auth_epoch.", "epochctl"};
  app.require_subcommand(1);
  Options options;
  add_list(app, options);
  add_show(app, options);
  add_end(app, options);
  add_stats(app, options);
  add_purge(app, options);
  add_check(app, options);
  add_keys(app, options);
  add_export(app, options);
  add_import(app, options);
  add_version(app, options);

  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::Success& asked_for) {  // --help, --version
    return app.exit(asked_for, console.out(), console.out());
  } catch (const CLI::ParseError& error) {
    console.complain(std::string(error.what()) + "; see epochctl --help");
    return kExitUsage;
  }
  return options.action(console);
}

}  // namespace epoch::cli
