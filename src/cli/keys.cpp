#include "cli/keys.h"

#include <array>
#include <cstdio>
#include <ostream>

#include "cli/format.h"
#include "core/keys.h"
#include "core/time_text.h"
#include "store/key_file.h"
#include "store/system_entropy.h"

namespace epoch::cli {
namespace {

using core::KeyRing;
using core::Result;
using core::time_text;

// What is wrong with the file is not a matter of what was named.
int fail(Console& console, const core::Error& error) {
  console.complain(error.detail);
  return kExitFailed;
}

// As it stands in challenges, as a number of eight digits.
std::string id_of(const core::SigningKey& key) {
  std::array<char, 9> text{};
  std::snprintf(text.data(), text.size(), "%08x", key.id());
  return text.data();
}

void print(Console& console, const KeyRing& keys, bool json) {
  Json list = Json::array();
  std::string text = padded("KEY", 10) + padded("MADE", 22) + "\n";
  for (const core::SigningKey& key : keys.keys()) {
    const bool signs = &key == &keys.newest();
    list.push_back({{"key", id_of(key)}, {"made", time_text(key.created())}, {"signs", signs}});
    text += padded(id_of(key), 10) + padded(time_text(key.created()), 22) +
            (signs ? "signs" : "verifies") + "\n";
  }
  console.out() << (json ? json_line({{"keys", list}}) : text);
}

}  // namespace

int list_keys(Console& console, const std::string& file, bool json) {
  const Result<KeyRing> keys = store::read_keys(file);
  if (!keys) return fail(console, keys.error());
  print(console, *keys, json);
  return kExitDone;
}

int rotate_keys(Console& console, const std::string& file, std::size_t keep, core::TimePoint now,
                bool json) {
  store::SystemEntropy entropy;
  const Result<KeyRing> keys = store::rotate_keys(file, entropy, now, keep);
  if (!keys) return fail(console, keys.error());
  print(console, *keys, json);
  if (!json) console.out() << "httpd reads them when it is restarted: apachectl graceful\n";
  return kExitDone;
}

}  // namespace epoch::cli
