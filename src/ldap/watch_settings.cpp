#include "ldap/watch_settings.h"

namespace epoch::ldap {

core::WatchId watch_id_of(const WatchSettings& settings) {
  const std::string key = std::to_string(settings.key.hash({core::bytes_of("watch")}));
  return core::sha256({core::bytes_of("watch"), core::bytes_of(settings.url.text),
                       core::bytes_of(settings.bind.user()), core::bytes_of(key)});
}

}  // namespace epoch::ldap
