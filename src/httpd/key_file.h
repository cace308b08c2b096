// AuthEpochKeyFile: read by the parent, readable by root (or whoever starts httpd) alone.
#pragma once

#include <string>

#include "core/keys.h"
#include "core/ports.h"
#include "core/result.h"

namespace epoch::httpd {

// Reads the signing keys; makes the file with one new key where there is none. An Error where it is
// not a regular file, belongs to somebody else, may be read by others, or holds no keys.
core::Result<core::KeyRing> read_or_make_keys(const std::string& path, core::Entropy& entropy,
                                              core::TimePoint now);

}  // namespace epoch::httpd
