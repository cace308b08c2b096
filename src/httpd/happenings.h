// What happens to sessions, told to the audit log (AuthEpochAuditLog) and counted. Each is called
// once what it tells has been done, and before the browser is answered. None of them can fail.
#pragma once

#include <httpd.h>

#include <span>

#include "core/service.h"
#include "httpd/exchange.h"
#include "ldap/book.h"

namespace epoch::httpd {

struct Process;

// The request is let on to the handler, for all that we have to say.
void note_admission(request_rec* r, core::Action action) noexcept;

// The request is not. In the audit log where it carried credentials.
void note_refusal(request_rec* r, const Decided& decided,
                  const Presentation& presentation) noexcept;

// Nor is this one, because what must be asked cannot answer.
void note_unavailable(request_rec* r, core::Reason reason) noexcept;

// A session was opened, and ended what the same browser had before.
void note_login(request_rec* r, const Decided& decided, const core::OpenedSession& opened) noexcept;

void note_ended(request_rec* r, const core::NamedSession& session, core::EndReason reason) noexcept;

// The same of several, for the reasons that they ended for: this request is the first to find that
// they were over, or has led to it.
void note_over(request_rec* r, std::span<const core::NamedSession> sessions) noexcept;

void note_logout(request_rec* r, const Decided& decided, core::LogoutScope asked_for,
                 const core::LoggedOut& done) noexcept;

// By the handler auth-epoch-admin, for the reason that the administrator gave.
void note_ended_by_administrator(request_rec* r, const core::NamedSession& session,
                                 std::string_view reason) noexcept;
// All sessions that the sweep reaches; `one_of_them` where they are one user's.
void note_swept_by_administrator(request_rec* r, const core::Sweep& sweep,
                                 const core::Session* one_of_them,
                                 std::string_view reason) noexcept;

void note_ended_account(const Process& process, const ldap::EndedAccount& account) noexcept;

}  // namespace epoch::httpd
