#include "core/own_sessions.h"

#include <algorithm>
#include <utility>

namespace epoch::core {
namespace {

bool is_form_token(std::string_view token, const Hash256& root) {
  return equal_in_constant_time(bytes_of(token), bytes_of(form_token(root)));
}

bool is_of_same_user(const Session& a, const Session& b) {
  return a.zone == b.zone && subject_of(a.identity) == subject_of(b.identity);
}

}  // namespace

Result<OwnSessions> list_own(SessionStore& store, const NamedSession& own, const Limits& limits,
                             TimePoint now, const std::optional<Position>& from) {
  Result<IndexPage> page =
      store.list_of(own.session->identity, own.session->zone, from, kSessionsPerPage);
  if (!page) return page.error();
  OwnSessions list{.sessions = std::move(page->sessions), .next = std::move(page->next)};
  std::erase_if(list.sessions, [&](const NamedSession& each) {
    return !is_live(*each.session, /*outgrown=*/std::nullopt, limits, now);
  });
  return list;
}

Result<std::optional<NamedSession>> find_own(SessionStore& store, const NamedSession& own,
                                             std::string_view id, const Limits& limits,
                                             TimePoint now) {
  std::optional<Position> from;
  do {
    Result<OwnSessions> page = list_own(store, own, limits, now, from);
    if (!page) return page.error();
    for (NamedSession& each : page->sessions) {
      if (public_id(each.key) == id) return std::optional(std::move(each));
    }
    from = std::move(page->next);
  } while (from);
  return std::optional<NamedSession>();
}

std::string form_token(const Hash256& lineage_root) {
  return base64url_encode(hmac_sha256(lineage_root, {bytes_of("form token")}));
}

Result<FormOrigin> form_origin(SessionStore& store, const Examined& examined,
                               std::string_view token) {
  if (is_form_token(token, *examined.session_root)) return FormOrigin::ThisSession;
  const std::optional<Hash256>& before = examined.cookie_root;
  if (!before || !is_form_token(token, *before)) return FormOrigin::Unknown;
  // Of a new client's lineage, others may know the root: it stands in the challenge cookie, which
  // they can ask for and plant. Such a root has no session.
  Result<Look> look = store.find(record_key_of(*before));
  if (!look) return look.error();
  const bool is_theirs = look->found && look->found->record.session &&
                         is_of_same_user(*look->found->record.session, *examined.session->session);
  return is_theirs ? FormOrigin::SessionBefore : FormOrigin::Unknown;
}

}  // namespace epoch::core
