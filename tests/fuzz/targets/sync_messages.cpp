// Content synchronisation (RFC 4533): what we read in a message is what was written, and what
// OpenLDAP's own liblber reads in it.
#include "ldap/sync_messages.h"

#include "ldap/ldap_handles.h"
#include "property.h"

namespace epoch::fuzz {
namespace {

using core::Bytes;
using ldap::SyncInfo;
using ldap::SyncState;

// ---- writing them

std::string element(unsigned tag, std::string_view content) {
  std::string out(1, static_cast<char>(tag));
  std::size_t length = content.size();
  if (length < 0x80) {
    out += static_cast<char>(length);
  } else {
    out += "\x84";
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(length >> shift & 0xff);
  }
  return out.append(content);
}

std::string boolean(bool value) { return element(0x01, value ? "\xff" : std::string(1, '\0')); }

std::string cookie(const std::optional<std::string>& text) {
  return text ? element(0x04, *text) : std::string();
}

std::string written(const SyncState& state) {
  return element(0x30, element(0x0a, std::string(1, static_cast<char>(state.change))) +
                           element(0x04, core::text_of(state.uuid)) + cookie(state.cookie));
}

std::string written(const ldap::NewCookie& message) { return element(0x80, message.cookie); }

std::string written(const ldap::PhaseOver& message) {
  return element(message.deletes ? 0xa1 : 0xa2,
                 cookie(message.cookie) + boolean(message.refresh_done));
}

std::string written(const ldap::IdSet& message) {
  std::string members;
  for (const core::EntryUuid& uuid : message.uuids) members += element(0x04, core::text_of(uuid));
  return element(0xa3, cookie(message.cookie) + boolean(message.deleted) + element(0x31, members));
}

std::string written(const SyncInfo& info) {
  return std::visit([](const auto& message) { return written(message); }, info);
}

// ---- what liblber reads

struct Lber {
  explicit Lber(Bytes bytes)
      : copy(core::text_of(bytes)),
        value{.bv_len = copy.size(), .bv_val = copy.data()},
        element(ber_init(&value)) {}
  std::string copy;
  berval value;
  ldap::BerHandle element;
};

std::string text_of(const berval& value) { return {value.bv_val, value.bv_len}; }

void compare(Bytes bytes, const SyncState& ours) {
  Lber lber(bytes);
  ber_int_t change = -1;
  berval uuid{};
  require(ber_scanf(lber.element.get(), "{em", &change, &uuid) != LBER_ERROR, "liblber reads it");
  require(change == static_cast<int>(ours.change), "as the same change");
  require(text_of(uuid) == core::text_of(ours.uuid), "of the same entry");
  ber_len_t length = 0;
  const bool has_cookie = ber_peek_tag(lber.element.get(), &length) == LBER_OCTETSTRING;
  require(has_cookie == ours.cookie.has_value(), "with a cookie or without");
  if (!has_cookie) return;
  berval value{};
  require(ber_scanf(lber.element.get(), "m", &value) != LBER_ERROR, "the cookie can be read");
  require(text_of(value) == *ours.cookie, "and is the same");
}

void compare(Bytes bytes, const SyncInfo& ours) {
  Lber lber(bytes);
  ber_len_t length = 0;
  const ber_tag_t tag = ber_peek_tag(lber.element.get(), &length);
  if (const auto* message = std::get_if<ldap::NewCookie>(&ours)) {
    berval value{};
    require(tag == 0x80 && ber_scanf(lber.element.get(), "m", &value) != LBER_ERROR,
            "liblber reads a new cookie");
    require(text_of(value) == message->cookie, "and it is the same");
  } else if (const auto* phase = std::get_if<ldap::PhaseOver>(&ours)) {
    require(tag == (phase->deletes ? 0xa1U : 0xa2U), "liblber sees the same phase");
  } else {
    require(tag == 0xa3, "liblber sees a set of ids");
    require(ber_scanf(lber.element.get(), "{") != LBER_ERROR, "and reads it");
    if (ber_peek_tag(lber.element.get(), &length) == LBER_OCTETSTRING) {
      berval value{};
      require(ber_scanf(lber.element.get(), "m", &value) != LBER_ERROR, "its cookie");
      require(text_of(value) == std::get<ldap::IdSet>(ours).cookie, "the same");
    }
    ber_int_t deleted = 0;
    if (ber_peek_tag(lber.element.get(), &length) == LBER_BOOLEAN) {
      require(ber_scanf(lber.element.get(), "b", &deleted) != LBER_ERROR, "whether they have gone");
    }
    require((deleted != 0) == std::get<ldap::IdSet>(ours).deleted, "the same of both");
  }
}

// ---- the properties

template <typename Message, typename Decode>
void holds(Bytes bytes, Decode decode) {
  const std::optional<Message> message = decode(bytes);
  if (!message) return;
  compare(bytes, *message);
  const std::string again = written(*message);
  const std::optional<Message> read = decode(core::bytes_of(again));
  require(read && written(*read) == again, "what is read can be written and read again");
  for (std::size_t cut = 0; cut < again.size(); ++cut) {
    const std::vector<char> shorter(again.begin(), again.begin() + static_cast<long>(cut));
    require(!decode(core::bytes_of({shorter.data(), shorter.size()})),
            "a message that was cut short is none");
    if (cut > 200) break;
  }
}

}  // namespace
}  // namespace epoch::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  namespace fuzz = epoch::fuzz;
  const epoch::core::Bytes message(bytes, size);
  fuzz::holds<epoch::ldap::SyncState>(message, epoch::ldap::decode_sync_state);
  fuzz::holds<epoch::ldap::SyncInfo>(message, epoch::ldap::decode_sync_info);
  return 0;
}
