// A disk of the test's own: this program's calls that change files, and those that read them, come
// by here on their way to the system. In one directory, the watched one, they are recorded, and may
// be made to fail.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace epoch::fault {

// What was done to the watched directory, in order.
struct Event {
  enum class Kind {
    Make,           // `name` came into being, as `file`
    Rename,         // `name` became `to`
    Remove,         // `name` went
    Write,          // `bytes` at `offset` of `file`; durable at once where `synchronous`
    Resize,         // `file` has become `offset` bytes long
    Sync,           // what was written to `file` is durable
    SyncDirectory,  // the names are durable
    Mark,           // what a test wants to remember about this moment: `offset`
  };
  Kind kind;
  ino_t file = 0;
  std::uint64_t offset = 0;
  std::string bytes = {};
  std::string name = {};
  std::string to = {};
  bool synchronous = false;
  bool failed = false;  // a Sync or a synchronous Write that has answered an error
};

// The calls that can be made to fail. A synchronous write goes to a file opened with O_DSYNC.
enum class Call { Write, SynchronousWrite, Sync, Open, Rename, Resize, Read };

const char* to_string(Call call) noexcept;

struct Fault {
  Call call;
  unsigned nth = 0;      // how many such calls still succeed
  int error = 0;         // errno; 0: the call does half of what it was asked
  bool lasting = false;  // all calls of the kind fail from then on, until the fault is over
  bool happens = true;   // a write fails although its bytes have reached the file
};

// There is one; every function may be called from any thread.
class Disk {
 public:
  static void watch(const std::string& directory);
  // What has happened since watch().
  static std::vector<Event> stop();
  static void mark(std::uint64_t number);

  static void fail(const Fault& fault);
  // Ends the fault; answers how many calls have failed.
  static unsigned repair();

  // How many calls of the kind have come since watch().
  static unsigned count(Call call);

  // Each sync takes so long from now on: others meanwhile queue for the next commit.
  static void slow_down(unsigned microseconds);
};

}  // namespace epoch::fault
