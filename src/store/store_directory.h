// A store's directory before anything is opened in it: may this user use it, and is what lies in
// it fit for use.
#pragma once

#include <string>

#include "core/result.h"
#include "store/store_options.h"

namespace epoch::store {

// Whether the current user could use the store, or make it. Changes nothing. The error is a full
// sentence with the command that helps. For configtest, as httpd's User: root can always.
core::Result<core::Done> check_store(const std::string& directory);

// Makes the directory (0700) where it is missing, after the same checks.
core::Result<core::Done> make_directory(const std::string& directory);

// Makes the store ready, as httpd's User, before the children open it: makes directory and files,
// reads the whole store through, and sets one that cannot be read aside. Forks for a moment.
core::Result<core::Done> prepare_store(const StoreOptions& options);

}  // namespace epoch::store
