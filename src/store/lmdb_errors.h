// LMDB's and the system's error codes, said to an administrator.
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"

namespace epoch::store {

// `doing` completes "could not ...". Every sentence names the cause and what to do about it.
core::Error lmdb_error(int code, std::string_view doing, const std::string& directory);

// For errno values of plain system calls on `path`.
core::Error system_error(int code, std::string_view doing, const std::string& path);

// The file itself is wrong, not the circumstances: it must be set aside.
bool means_damage(int code) noexcept;

// The environment must be closed before it can be used again.
bool needs_reopening(int code) noexcept;

}  // namespace epoch::store
