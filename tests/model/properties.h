// P1 to P5 of the design, judged at every step.
#pragma once

#include "world.h"

namespace epoch::model {

using Judgement = std::optional<Violation>;

// A request of this browser was let on as a session.
Judgement judge_acceptance(World& world, std::size_t browser, const Request& request,
                           const core::PendingLogin* login, const Served& served,
                           const Setting& setting);

// The server has processed a logout. `before`: what was live then.
Judgement judge_logout(World& world, std::size_t browser, const Request& request,
                       const core::LoggedOut& logout, const std::vector<core::RecordKey>& before,
                       const Setting& setting);

// A dialog has opened in this browser for this space.
Judgement judge_dialog(World& world, std::size_t browser, std::size_t space,
                       const Setting& setting);

// After every step: notes which sessions have ended, and that none has come back.
Judgement judge_sessions(World& world, const Setting& setting);

// An answer has arrived.
void note_arrival(World& world, std::size_t browser, const Request& request,
                  const Setting& setting);

// The person has answered a prompt of this request.
void note_answer(World& world, std::size_t browser, const Request& asked, Who who,
                 const Setting& setting);

// There is a reason to ask again in this browser, for every space of the zone.
void note_reason_to_ask(World& world, std::size_t browser, std::size_t zone,
                        const Setting& setting);

PromptFacts& prompt_of(World& world, std::size_t browser, std::size_t space,
                       const Setting& setting);

std::vector<core::RecordKey> live_sessions(World& world, const Setting& setting);

std::size_t space_of(const Request& request, const Setting& setting);
std::size_t zone_of(const Request& request, const Setting& setting);

}  // namespace epoch::model
