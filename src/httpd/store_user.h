// The store belongs to httpd's User; the parent is usually root. What touches the store before the
// children exist is therefore done by a short-lived process that has become that user.
#pragma once

#include <string>

#include "core/result.h"
#include "httpd/module.h"
#include "store/store_options.h"

namespace epoch::httpd {

// AuthEpochStore, or its default under the runtime directory.
std::string store_directory_of(apr_pool_t* pool, const server_rec* main);

// For configtest: whether httpd's User could use the store, without changing anything. An Error
// says who may not do what, and what to do.
core::Result<core::Done> check_store_as_user(const std::string& directory);

// For start-up: makes the directory (0700, of httpd's User) where it is missing, and the store in
// it; a store that cannot be read is set aside, with a line in the log.
core::Result<core::Done> prepare_store_as_user(const store::StoreOptions& options);

}  // namespace epoch::httpd
