// The answer of the handler auth-epoch-status, as docs/directives.md describes it.
#pragma once

#include <string>

#include "core/service.h"

namespace epoch::web {

std::string status_json(const core::SessionStatus& status);

}  // namespace epoch::web
