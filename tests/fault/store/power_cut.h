// What a disk may hold after a power cut, worked out from a recording of what was done to it.
//
// A disk writes blocks of 4096 bytes in any order, each of them in the state it had after any of
// the writes since it was last synced; of the block that it was writing, any sectors of 512 bytes.
// A file that grew may be as long as it was, or long already and hold zeros. Names appear in order,
// at the latest when their directory is synced.
#pragma once

#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "disk.h"

namespace epoch::fault {

using Files = std::map<std::string, std::string>;  // by name

// What becomes of what a failed sync, or a failed synchronous write, should have made durable.
enum class Aftermath {
  Lost,     // the system takes it for written, and it is not
  Pending,  // the next sync writes it
  Written,  // it was on the disk already
};

class Platter {
 public:
  explicit Platter(Aftermath aftermath = Aftermath::Lost) : aftermath_(aftermath) {}

  // A disk on which all of this is durable.
  void begin_with(const Files& files, const std::map<std::string, ino_t>& numbers);

  // Applies an event. A sync makes durable what went before: what the disk may hold in its midst is
  // asked for before, with `before` true; a synchronous write has happened then, and is not
  // durable.
  void happen(const Event& event);
  void begin_write(const Event& event);

  // Calls with up to `most` states that the disk may be in, among them always the simplest; some
  // are drawn by lot where there are more.
  void for_each_state(std::size_t most, std::mt19937_64& lot,
                      const std::function<void(const Files&)>& see) const;

 private:
  struct Block {
    std::size_t number;
    std::string bytes;  // as a whole, after a write
  };
  struct File {
    std::string durable;
    std::string cache;  // what programs see
    std::vector<Block> pending;
  };
  // One of the states that a file may be in.
  struct Choice {
    std::vector<bool> taken;      // of the pending blocks, each
    std::size_t torn = SIZE_MAX;  // the one of which some sectors alone are taken
    unsigned sectors = 0;         // which, a bit each
    bool grown = false;           // as long as programs see it
  };

  void write(File& file, const Event& event);
  static std::string content(const File& file, const Choice& choice);
  static std::vector<Choice> choices_of(const File& file, std::size_t most, std::mt19937_64& lot);

  const Aftermath aftermath_;
  std::map<ino_t, File> files_;
  std::map<std::string, ino_t> names_;  // the durable ones
  std::vector<Event> pending_names_;
};

}  // namespace epoch::fault
