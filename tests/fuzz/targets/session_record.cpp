// The bytes of a record of the store: damage is told from a record, and a record has one spelling.
#include "core/session.h"
#include "property.h"

namespace epoch::fuzz {
namespace {

using core::TimePoint;

TimePoint take_time(FuzzedDataProvider& input) {
  return TimePoint(
      core::Seconds(input.ConsumeIntegralInRange<std::int64_t>(0, (std::int64_t{1} << 40) - 1)));
}

std::string take_text(FuzzedDataProvider& input) {
  return input.ConsumeRandomLengthString(input.ConsumeBool() ? 16 : 300);
}

core::Session take_session(FuzzedDataProvider& input) {
  core::Session session;
  session.identity.user = take_text(input);
  if (input.ConsumeBool()) session.identity.account = take_hash(input);
  session.identity.dn = take_text(input);
  for (int left = input.ConsumeIntegralInRange(0, 3); left > 0; --left) {
    session.identity.variables.emplace_back(take_text(input), take_text(input));
  }
  session.zone = take_text(input);
  session.proof = take_hash(input);
  session.verifier = core::verifier_of(take_hash(input));
  for (TimePoint* at : {&session.created, &session.authenticated, &session.verified,
                        &session.last_seen, &session.expires}) {
    *at = take_time(input);
  }
  session.opened_under = {.store = input.ConsumeIntegral<std::uint64_t>(),
                          .zone = input.ConsumeIntegral<std::uint64_t>(),
                          .user = input.ConsumeIntegral<std::uint64_t>(),
                          .account = input.ConsumeIntegral<std::uint64_t>()};
  input.ConsumeData(session.space.data(), session.space.size());
  session.unprompted = input.ConsumeBool();
  session.address = take_text(input);
  session.user_agent = take_text(input);
  const auto reason = static_cast<core::EndReason>(input.ConsumeIntegralInRange(0, 12));
  if (core::is_end_reason(reason)) session.end = core::End{reason, take_time(input)};
  return session;
}

core::Record take_record(FuzzedDataProvider& input) {
  core::Record record;
  record.succession.generation = input.ConsumeIntegral<std::uint32_t>();
  if (input.ConsumeBool()) record.succession.successor = take_hash(input);
  record.succession.signing_key = input.ConsumeIntegral<std::uint32_t>();
  record.succession.changed = take_time(input);
  if (input.ConsumeBool()) record.session = take_session(input);
  return record;
}

bool same(const core::Session& a, const core::Session& b) {
  const bool same_end = a.end.has_value() == b.end.has_value() &&
                        (!a.end || (a.end->reason == b.end->reason && a.end->at == b.end->at));
  return same_end && a.identity == b.identity && a.zone == b.zone && a.proof == b.proof &&
         a.verifier == b.verifier && a.created == b.created && a.authenticated == b.authenticated &&
         a.verified == b.verified && a.last_seen == b.last_seen && a.expires == b.expires &&
         a.opened_under == b.opened_under && a.space == b.space && a.unprompted == b.unprompted &&
         a.address == b.address && a.user_agent == b.user_agent;
}

bool same(const core::Record& a, const core::Record& b) {
  return a.succession.generation == b.succession.generation &&
         a.succession.successor == b.succession.successor &&
         a.succession.signing_key == b.succession.signing_key &&
         a.succession.changed == b.succession.changed &&
         a.session.has_value() == b.session.has_value() &&
         (!a.session || same(*a.session, *b.session));
}

// What is asked of every record that comes out of a store.
void judging(const core::Record& record, TimePoint now) {
  const TimePoint forgotten = core::forgettable_from(record);
  require(!record.session || record.session->end || forgotten >= record.session->expires,
          "no session is forgotten before it is as old as it may become");
  if (!record.session) return;
  const core::Session& session = *record.session;
  constexpr core::Limits kLimits{.idle = core::Seconds(1800), .max_age = core::Seconds(43200)};
  const bool live = core::is_live(session, std::nullopt, kLimits, now);
  require(live == (!session.end && !core::overdue(session, std::nullopt, kLimits, now)),
          "live is neither ended nor overdue");
  require(!core::is_live(session, core::EndReason::EpochGrown, kLimits, now),
          "what an epoch has outgrown is not live");
  const core::Deadlines deadlines = core::deadlines_of(session, kLimits);
  require(!live || (now < deadlines.idle && now < deadlines.age), "nothing lives past its end");
}

}  // namespace
}  // namespace epoch::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace epoch;
  FuzzedDataProvider input(bytes, size);
  const core::TimePoint now = fuzz::take_time(input);
  if (const auto record = core::decode_record(core::Bytes(bytes, size))) {
    fuzz::require(core::encode(*record) == fuzz::text_of_input(bytes, size),
                  "what can be read is what would be written");
    fuzz::judging(*record, now);
  }

  const core::Record record = fuzz::take_record(input);
  const std::string written = core::encode(record);
  const auto read = core::decode_record(core::bytes_of(written));
  fuzz::require(read && fuzz::same(*read, record), "what is written can be read");
  fuzz::judging(record, now);
  const auto cut = input.ConsumeIntegralInRange<std::size_t>(0, written.size());
  fuzz::require(cut == written.size() ||
                    !core::decode_record(core::bytes_of(std::string_view(written).substr(0, cut))),
                "a record that was cut short is none");
  return 0;
}
