#include "power_cut.h"

#include <algorithm>

namespace epoch::fault {
namespace {

constexpr std::size_t kBlock = 4096;
constexpr std::size_t kSector = 512;
constexpr unsigned kSectors = kBlock / kSector;

void put(std::string& file, std::size_t at, std::string_view bytes) {
  if (file.size() < at + bytes.size()) file.resize(at + bytes.size());
  file.replace(at, bytes.size(), bytes);
}

void apply_to_names(std::map<std::string, ino_t>& names, const Event& event) {
  switch (event.kind) {
    case Event::Kind::Make:
      names[event.name] = event.file;
      break;
    case Event::Kind::Rename:
      if (const auto moved = names.extract(event.name)) names[event.to] = moved.mapped();
      break;
    case Event::Kind::Remove:
      names.erase(event.name);
      break;
    default:
      break;
  }
}

}  // namespace

void Platter::begin_with(const Files& files, const std::map<std::string, ino_t>& numbers) {
  names_ = numbers;
  for (const auto& [name, number] : numbers) {
    files_[number].durable = files_[number].cache = files.at(name);
  }
}

void Platter::write(File& file, const Event& event) {
  put(file.cache, event.offset, event.bytes);
  const std::size_t end = event.offset + event.bytes.size();
  for (std::size_t block = event.offset / kBlock; block * kBlock < end; ++block) {
    file.pending.push_back({.number = block, .bytes = file.cache.substr(block * kBlock, kBlock)});
  }
}

void Platter::begin_write(const Event& event) { write(files_[event.file], event); }

void Platter::happen(const Event& event) {
  File& file = files_[event.file];
  switch (event.kind) {
    case Event::Kind::Write: {
      if (!event.synchronous) return write(file, event);
      // begin_write() has been here.
      if (event.failed && aftermath_ == Aftermath::Pending) return;
      const std::size_t first = event.offset / kBlock;
      const std::size_t last = (event.offset + event.bytes.size() - 1) / kBlock;
      std::erase_if(file.pending, [&](const Block& block) {
        return block.number >= first && block.number <= last;
      });
      if (event.failed && aftermath_ == Aftermath::Lost) return;
      for (std::size_t block = first; block <= last; ++block) {
        put(file.durable, block * kBlock,
            std::string_view(file.cache).substr(block * kBlock, kBlock));
      }
      return;
    }
    case Event::Kind::Resize:
      file.cache.resize(event.offset);
      if (file.durable.size() > file.cache.size()) file.durable.resize(event.offset);
      return;
    case Event::Kind::Sync:
      if (event.failed && aftermath_ == Aftermath::Pending) return;
      file.pending.clear();
      if (!event.failed || aftermath_ == Aftermath::Written) file.durable = file.cache;
      return;
    case Event::Kind::SyncDirectory:
      if (event.failed) return;
      for (const Event& change : pending_names_) apply_to_names(names_, change);
      pending_names_.clear();
      return;
    case Event::Kind::Make:
    case Event::Kind::Rename:
    case Event::Kind::Remove:
      pending_names_.push_back(event);
      return;
    case Event::Kind::Mark:
      return;
  }
}

std::string Platter::content(const File& file, const Choice& choice) {
  std::string bytes = file.durable;
  for (std::size_t i = 0; i < file.pending.size(); ++i) {
    const Block& block = file.pending[i];
    const std::size_t at = block.number * kBlock;
    if (i == choice.torn) {
      for (unsigned sector = 0; sector < kSectors; ++sector) {
        const std::size_t begin = sector * kSector;
        if ((choice.sectors >> sector & 1U) == 0 || begin >= block.bytes.size()) continue;
        put(bytes, at + begin, std::string_view(block.bytes).substr(begin, kSector));
      }
    } else if (choice.taken[i]) {
      put(bytes, at, block.bytes);
    }
  }
  if (choice.grown && bytes.size() < file.cache.size()) bytes.resize(file.cache.size());
  return bytes;
}

std::vector<Platter::Choice> Platter::choices_of(const File& file, std::size_t most,
                                                 std::mt19937_64& lot) {
  const std::size_t count = file.pending.size();
  std::vector<Choice> choices;
  const auto add = [&](const std::vector<bool>& taken, std::size_t torn = SIZE_MAX,
                       unsigned sectors = 0) {
    choices.push_back({.taken = taken, .torn = torn, .sectors = sectors, .grown = false});
    if (file.cache.size() > file.durable.size()) {
      choices.push_back({.taken = taken, .torn = torn, .sectors = sectors, .grown = true});
    }
  };
  const std::vector<bool> none(count, false);
  const std::vector<bool> all(count, true);
  add(none);
  if (count == 0) return choices;
  add(all);
  std::vector<bool> some = none;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    some[i] = true;
    add(some);
  }
  const std::size_t simplest = choices.size();

  for (std::size_t i = 0; i < count; ++i) {
    std::vector<bool> but_one = all;
    but_one[i] = false;
    add(but_one);
    std::vector<bool> one = none;
    one[i] = true;
    add(one);
    std::vector<bool> up_to = none;
    std::fill_n(up_to.begin(), i, true);
    for (unsigned sectors = 1; sectors < kSectors; ++sectors) {
      const unsigned first = (1U << sectors) - 1;
      const unsigned rest = ((1U << kSectors) - 1) & ~first;
      for (const std::vector<bool>& others : {none, all, up_to}) {
        add(others, i, first);
        add(others, i, rest);
      }
    }
  }
  for (std::size_t i = 0; i < 2 * count; ++i) {
    for (std::size_t j = 0; j < count; ++j) some[j] = lot() % 2 == 0;
    add(some, lot() % 2 == 0 ? SIZE_MAX : lot() % count, static_cast<unsigned>(lot() % 256));
  }
  if (choices.size() > most) {
    const std::size_t kept = std::min(simplest, choices.size());
    std::shuffle(choices.begin() + static_cast<std::ptrdiff_t>(kept), choices.end(), lot);
    choices.resize(std::max(kept, most));
  }
  return choices;
}

void Platter::for_each_state(std::size_t most, std::mt19937_64& lot,
                             const std::function<void(const Files&)>& see) const {
  std::map<std::string, ino_t> names = names_;
  for (std::size_t shown = 0;; ++shown) {
    // Of several files one is looked at closely; the others are as they were, or as programs see
    // them.
    for (const auto& [name, number] : names) {
      const File& close = files_.at(number);
      for (const bool others_are_late : {true, false}) {
        if (names.size() == 1 && others_are_late) continue;
        for (const Choice& choice : choices_of(close, most, lot)) {
          Files files;
          for (const auto& [other, its_number] : names) {
            const File& file = files_.at(its_number);
            files[other] = others_are_late ? file.durable : file.cache;
          }
          files[name] = content(close, choice);
          see(files);
        }
      }
    }
    if (names.empty()) see({});
    if (shown == pending_names_.size()) return;
    apply_to_names(names, pending_names_[shown]);
  }
}

}  // namespace epoch::fault
