// Thirteen rules that look plausible and are wrong, to show that the model can tell.
#pragma once

#include "rules.h"

namespace epoch::model {

// 1. Whatever comes with a fresh challenge counts as typed.
class TrustsAnyChallenge final : public Rules {
 public:
  std::string incoming(const Exchange& exchange, std::string cookie) const override;
};

// 2. Every refusal names another realm.
class RotatesTheRealm final : public Rules {
 public:
  std::string realm(const std::string& realm, unsigned refusals) const override;
};

// 3. A 401 to a request without credentials arms (rows 7 and 9).
class ArmsWithoutCredentials final : public Rules {
 public:
  void examined(const Exchange& exchange, core::Examined& examined) const override;
};

// 4. A touch writes the session that it has in hand, ended or not.
class TouchRecreates final : public Rules {
 public:
  std::unique_ptr<core::SessionStore> around(store::MemoryStore& store) const override;
};

// 5. A challenge never expires.
class AcceptsExpiredChallenges final : public Rules {
 public:
  std::string incoming(const Exchange& exchange, std::string cookie) const override;
};

// 6. Ended sessions are removed at once.
class ForgetsTombstones final : public Rules {
 public:
  std::unique_ptr<core::SessionStore> around(store::MemoryStore& store) const override;
};

// 7. A cookie that cannot be read is replaced by an armed challenge (row 14).
class ArmsWhereTheMacIsBad final : public Rules {
 public:
  void examined(const Exchange& exchange, core::Examined& examined) const override;
};

// 8. Another site's POST is refused and arms (row 15).
class ArmsCrossSitePosts final : public Rules {
 public:
  void examined(const Exchange& exchange, core::Examined& examined) const override;
};

// 9. A script's credentials are refused and arm, like anybody's.
class ArmsOnScripts final : public Rules {
 public:
  void examined(const Exchange& exchange, core::Examined& examined) const override;
};

// 10. A logout ends the session of the cookie and no more: lineage and successors stay.
class LogoutIgnoresLineage final : public Rules {
 public:
  std::unique_ptr<core::SessionStore> around(store::MemoryStore& store) const override;
};

// 11. Opening does not look whether anything ended or grew during the verification.
class OpensWithoutLooking final : public Rules {
 public:
  std::unique_ptr<core::SessionStore> around(store::MemoryStore& store) const override;
};

// 12. A challenge is good on every port and for every realm.
class ArmsAcrossSpaces final : public Rules {
 public:
  std::string incoming(const Exchange& exchange, std::string cookie) const override;
};

// 13. Row 7 sets a cookie.
class SetsACookieInRow7 final : public Rules {
 public:
  void examined(const Exchange& exchange, core::Examined& examined) const override;
};

// 14. A refusal arms whatever the browser has been told to type since.
class ArmsThoughOvertaken final : public Rules {
 public:
  void examined(const Exchange& exchange, core::Examined& examined) const override;
};

}  // namespace epoch::model
