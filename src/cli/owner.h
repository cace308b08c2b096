// Becoming the owner of a store before it is opened.
#pragma once

#include <string>

#include "core/result.h"

namespace epoch::cli {

// As root: becomes the user and group that own the directory, for good. A lock file that root made
// would lock httpd out. As anybody else: does nothing.
core::Result<core::Done> become_owner_of(const std::string& directory);

}  // namespace epoch::cli
