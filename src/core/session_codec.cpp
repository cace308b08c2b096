// The bytes of a record: docs/formats.md has the table.
#include <algorithm>
#include <limits>
#include <utility>

#include "core/session.h"

namespace epoch::core {
namespace {

constexpr std::uint8_t kRecordVersion = 3;
constexpr unsigned kTimeBytes = 5;
constexpr std::int64_t kLatestTime = (std::int64_t{1} << (8 * kTimeBytes)) - 1;

enum Flag : std::uint8_t {
  kHasSession = 1,
  kHasSuccessor = 2,
  kHasEnd = 4,
  kUnprompted = 8,
  kHasAccount = 16,
  kAllFlags = 31,
};

class Writer {
 public:
  template <typename Integer>
  void integer(Integer value) {
    bits(static_cast<std::make_unsigned_t<Integer>>(value), sizeof(Integer));
  }
  void time(TimePoint at) {
    const auto count = std::clamp<std::int64_t>(at.time_since_epoch().count(), 0, kLatestTime);
    bits(static_cast<std::uint64_t>(count), kTimeBytes);
  }
  // Seven bits a byte, the lowest first; all but the last byte have the eighth set (LEB128).
  void small_number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) out_.push_back(static_cast<char>(value | 0x80U));
    out_.push_back(static_cast<char>(value));
  }
  void bytes(Bytes value) { out_.append(text_of(value)); }
  // Values of directories may be long: all of somebody's groups.
  void long_text(std::string_view value) {
    integer(static_cast<std::uint32_t>(value.size()));
    out_.append(value);
  }
  // Longer text than a length of two bytes can tell is cut; user names are bounded by httpd's
  // LimitRequestFieldSize, which is smaller.
  void text(std::string_view value) {
    value = value.substr(0, std::numeric_limits<std::uint16_t>::max());
    integer(static_cast<std::uint16_t>(value.size()));
    out_.append(value);
  }
  std::string finish() && { return std::move(out_); }

 private:
  void bits(std::uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) {
      out_.push_back(static_cast<char>((value >> (8 * i)) & 0xffU));
    }
  }

  std::string out_;
};

// Reads what Writer wrote; once anything is missing, everything after it reads as zero and
// at_end() stays false.
class Reader {
 public:
  explicit Reader(Bytes in) : in_(in) {}

  template <typename Integer>
  Integer integer() {
    return static_cast<Integer>(bits(sizeof(Integer)));
  }
  TimePoint time() { return TimePoint(Seconds(static_cast<std::int64_t>(bits(kTimeBytes)))); }
  // Of a number's spellings only the shortest counts.
  std::uint64_t small_number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && ok_; shift += 7) {
      const auto byte = integer<std::uint8_t>();
      const std::uint64_t seven = byte & 0x7fU;
      const bool is_cut = shift > 0 && byte == 0;
      if (is_cut || (seven << shift) >> shift != seven) break;
      value |= seven << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  template <typename Array>
  Array bytes() {
    Array value{};
    const Bytes raw = take(value.size());
    std::copy(raw.begin(), raw.end(), value.begin());
    return value;
  }
  std::string text() { return std::string(text_of(take(integer<std::uint16_t>()))); }

  std::string long_text() { return std::string(text_of(take(integer<std::uint32_t>()))); }

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return ok_ && in_.empty(); }

 private:
  std::uint64_t bits(unsigned bytes) {
    std::uint64_t value = 0;
    const Bytes raw = take(bytes);
    for (std::size_t i = 0; i < raw.size(); ++i) value |= std::uint64_t{raw[i]} << (8 * i);
    return value;
  }
  Bytes take(std::size_t length) {
    if (!ok_ || in_.size() < length) {
      ok_ = false;
      return {};
    }
    const Bytes taken = in_.first(length);
    in_ = in_.subspan(length);
    return taken;
  }

  Bytes in_;
  bool ok_ = true;
};

void write_identity(const Identity& identity, Writer& out) {
  out.text(identity.user);
  if (identity.account) out.bytes(*identity.account);
  out.text(identity.dn);
  out.integer(static_cast<std::uint16_t>(identity.variables.size()));
  for (const auto& [name, value] : identity.variables) {
    out.text(name);
    out.long_text(value);
  }
}

Identity read_identity(bool has_account, Reader& in) {
  Identity identity;
  identity.user = in.text();
  if (has_account) identity.account = in.bytes<AccountId>();
  identity.dn = in.text();
  const auto count = in.integer<std::uint16_t>();
  for (std::uint16_t i = 0; i < count && in.ok(); ++i) {
    std::string name = in.text();
    identity.variables.emplace_back(std::move(name), in.long_text());
  }
  return identity;
}

void write_session(const Session& session, Writer& out) {
  write_identity(session.identity, out);
  out.text(session.zone);
  out.bytes(session.proof);
  out.bytes(session.verifier);
  out.time(session.created);
  out.time(session.authenticated);
  out.time(session.verified);
  out.time(session.last_seen);
  out.time(session.expires);
  out.small_number(session.opened_under.store);
  out.small_number(session.opened_under.zone);
  out.small_number(session.opened_under.user);
  out.small_number(session.opened_under.account);
  out.bytes(session.space);
  out.text(session.address);
  out.text(session.user_agent);
  if (session.end) {
    out.integer(static_cast<std::uint8_t>(session.end->reason));
    out.time(session.end->at);
  }
}

Session read_session(bool has_end, bool has_account, Reader& in) {
  Session session;
  session.identity = read_identity(has_account, in);
  session.zone = in.text();
  session.proof = in.bytes<Hash256>();
  session.verifier = in.bytes<Verifier>();
  session.created = in.time();
  session.authenticated = in.time();
  session.verified = in.time();
  session.last_seen = in.time();
  session.expires = in.time();
  session.opened_under.store = in.small_number();
  session.opened_under.zone = in.small_number();
  session.opened_under.user = in.small_number();
  session.opened_under.account = in.small_number();
  session.space = in.bytes<SpaceTag>();
  session.address = in.text();
  session.user_agent = in.text();
  if (has_end) {
    const auto reason = static_cast<EndReason>(in.integer<std::uint8_t>());
    session.end = End{reason, in.time()};
  }
  return session;
}

}  // namespace

std::string encode(const Record& record) {
  const Succession& succession = record.succession;
  unsigned flags = 0;
  if (record.session) flags |= kHasSession;
  if (succession.successor) flags |= kHasSuccessor;
  if (record.session && record.session->end) flags |= kHasEnd;
  if (record.session && record.session->unprompted) flags |= kUnprompted;
  if (record.session && record.session->identity.account) flags |= kHasAccount;

  Writer out;
  out.integer(kRecordVersion);
  out.integer(static_cast<std::uint8_t>(flags));
  out.integer(succession.generation);
  out.integer(succession.signing_key);
  out.time(succession.changed);
  if (succession.successor) out.bytes(*succession.successor);
  if (record.session) write_session(*record.session, out);
  return std::move(out).finish();
}

std::optional<Record> decode_record(Bytes bytes) {
  Reader in(bytes);
  if (in.integer<std::uint8_t>() != kRecordVersion) return std::nullopt;
  const auto flags = in.integer<std::uint8_t>();
  const bool has_end = (flags & kHasEnd) != 0;
  const bool has_session = (flags & kHasSession) != 0;
  const bool unprompted = (flags & kUnprompted) != 0;
  const bool has_account = (flags & kHasAccount) != 0;
  const bool about_a_session = has_end || unprompted || has_account;
  if ((flags & ~unsigned{kAllFlags}) != 0 || (about_a_session && !has_session)) {
    return std::nullopt;
  }

  Record record;
  record.succession.generation = in.integer<std::uint32_t>();
  record.succession.signing_key = in.integer<std::uint32_t>();
  record.succession.changed = in.time();
  if ((flags & kHasSuccessor) != 0) record.succession.successor = in.bytes<Hash256>();
  if (has_session) {
    record.session = read_session(has_end, has_account, in);
    record.session->unprompted = unprompted;
    if (has_end && !is_end_reason(record.session->end->reason)) return std::nullopt;
  }
  if (!in.at_end()) return std::nullopt;
  return record;
}

}  // namespace epoch::core
