// AuthEpochKeyFile: read by httpd's parent, readable by root (or whoever starts httpd) alone.
#pragma once

#include <cstddef>
#include <string>

#include "core/keys.h"
#include "core/ports.h"
#include "core/result.h"

namespace epoch::store {

// Reads the signing keys; makes the file with one new key where there is none. An Error where it is
// not a regular file, belongs to somebody else, may be read by others, or holds no keys.
core::Result<core::KeyRing> read_or_make_keys(const std::string& path, core::Entropy& entropy,
                                              core::TimePoint now);

// Reads the signing keys of a file that must be there; what is wrong with it is an Error as above.
core::Result<core::KeyRing> read_keys(const std::string& path);

// Adds a key that signs from httpd's next start or restart on, even if the clock was set back since
// the last one was made, and keeps the `keep` newest, itself included (at least 1). The file is
// replaced as a whole; owner, group and mode stay. Answers the keys that it holds now.
core::Result<core::KeyRing> rotate_keys(const std::string& path, core::Entropy& entropy,
                                        core::TimePoint now, std::size_t keep);

}  // namespace epoch::store
