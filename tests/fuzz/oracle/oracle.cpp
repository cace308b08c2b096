// What httpd should have answered: the use cases of the core in front of a store in memory, asked
// for the same requests. Reads a request a line, as JSON, and answers each with a line; see
// tests/harness/oracle.py, which asks.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "core/service.h"
#include "store/memory_store.h"

namespace epoch {
namespace {

using core::Action;
using Json = nlohmann::json;

class CountingEntropy final : public core::Entropy {
 public:
  void fill(std::span<std::uint8_t> bytes) override {
    ++count_;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<std::uint8_t>(i < 4 ? count_ >> (8 * i) : 0);
    }
  }

 private:
  std::uint32_t count_ = 0;
};

core::KeyRing one_key() {
  core::Hash256 secret;
  secret.fill(1);
  return core::KeyRing({core::SigningKey(core::TimePoint(), secret)});
}

// JSON is UTF-8 and header fields are bytes: each comes as the character of its number.
std::string bytes_of(const Json& text) {
  std::string bytes;
  const auto utf8 = text.get<std::string>();
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto first = static_cast<unsigned char>(utf8[i]);
    if (first < 0x80) {
      bytes += utf8[i];
    } else {
      const auto second = static_cast<unsigned char>(utf8[++i]);
      bytes += static_cast<char>((first & 0x03U) << 6U | (second & 0x3fU));
    }
  }
  return bytes;
}

std::string field(const Json& request, const char* name) {
  const auto found = request["headers"].find(name);
  return found == request["headers"].end() ? std::string() : bytes_of(*found);
}

core::RequestTraits traits_of(const Json& request) {
  const std::string method = request["method"];
  const std::string site = field(request, "Sec-Fetch-Site");
  const std::string mode = field(request, "Sec-Fetch-Mode");
  const std::string destination = field(request, "Sec-Fetch-Dest");
  const std::string purpose = field(request, "Sec-Purpose");
  const std::string older_purpose = field(request, "Purpose");
  const std::string requested_with = field(request, "X-Requested-With");
  const std::string auth_epoch = field(request, "AuthEpoch");
  return core::traits_of({.method = method,
                          .sec_fetch_site = site,
                          .sec_fetch_mode = mode,
                          .sec_fetch_dest = destination,
                          .sec_purpose = purpose.empty() ? older_purpose : purpose,
                          .x_requested_with = requested_with,
                          .auth_epoch = auth_epoch,
                          .has_origin = request["has_origin"],
                          .origin_is_ours = request["origin_is_ours"],
                          .referer_is_ours = request["referer_is_ours"]});
}

core::LogoutScope scope_of(const std::string& name) {
  if (name == "all") return core::LogoutScope::AllBrowsers;
  return name == "others" ? core::LogoutScope::OtherBrowsers : core::LogoutScope::ThisBrowser;
}

const char* name_of(Action action) {
  switch (action) {
    case Action::Pass:
      return "Pass";
    case Action::Admit:
      return "Admit";
    case Action::AdmitSuccessor:
      return "AdmitSuccessor";
    case Action::Login:
      return "Login";
    case Action::Stateless:
      return "Stateless";
    case Action::AskBasic:
      return "AskBasic";
    case Action::RefuseAndArm:
      return "RefuseAndArm";
    case Action::AskEpoch:
      return "AskEpoch";
    case Action::SignInPage:
      return "SignInPage";
    case Action::Forbid:
      return "Forbid";
    case Action::Unavailable:
      break;
  }
  return "Unavailable";
}

class Oracle {
 public:
  explicit Oracle(const Json& policy) {
    policy_.limits = {.idle = std::chrono::minutes(30), .max_age = std::chrono::hours(12)};
    policy_.stateless = policy.value("stateless", false);
    policy_.cross_site_allowed = policy.value("cross_site_allowed", false);
    answered_by_challenge_ = policy.value("answered_by_challenge", false);
    if (policy.contains("most_sessions")) {
      policy_.session_limit = {.most = policy["most_sessions"], .deny = policy["deny"]};
    }
  }

  Json answer(const Json& request) {
    const std::string cookies = bytes_of(request["cookies"]);
    const std::string cookie_name = request["cookie_name"];
    const std::string zone = request["zone"];
    const std::string origin = request["origin"];
    const std::string realm = request["realm"];
    const std::string authorization = field(request, "Authorization");
    const std::optional<core::Credentials> credentials =
        core::parse_basic_credentials(authorization);
    const core::Presented presented{.cookie_header = cookies,
                                    .cookie_name = cookie_name,
                                    .credentials = credentials ? &*credentials : nullptr,
                                    .request = traits_of(request),
                                    .zone = zone,
                                    .origin = origin,
                                    .realm = realm,
                                    .space = core::space_tag(origin, realm)};
    return request["logs_out"] ? log_out(request, presented) : visit(request, presented);
  }

 private:
  Json visit(const Json& request, const core::Presented& presented) {
    core::Examined examined = service_.examine(presented, policy_, kNow);
    const bool verified =
        presented.credentials != nullptr && is_verified(request, *presented.credentials);
    const core::Verdict& verdict = examined.verdict;
    const std::string event(core::to_string(verdict.action));
    Json answer{{"row", verdict.row},
                {"decided", event + " (" + std::string(core::to_string(verdict.reason)) + ", row " +
                                std::to_string(verdict.row) + ")"},
                {"event", event},
                {"action", name_of(verdict.action)},
                {"verified", verified}};
    if (verdict.action == Action::Login && verified) open(presented, examined, answer);
    answer["cookie"] = examined.cookie_value;
    answer["session"] = examined.session ? core::public_id(examined.session->key) : "";
    return answer;
  }

  // The provider's yes is the caller's: it knows the passwords.
  static bool is_verified(const Json& request, const core::Credentials& credentials) {
    const auto person = request["people"].find(std::string(credentials.user()));
    return person != request["people"].end() &&
           person->get<std::string>() == credentials.password();
  }

  void open(const core::Presented& presented, core::Examined& examined, Json& answer) {
    const core::LoginFacts facts{.identity = {.user = std::string(presented.credentials->user())},
                                 .zone = std::string(presented.zone),
                                 .verifier = policy_.verifier,
                                 .address = "",
                                 .user_agent = ""};
    const auto opened = service_.open(*examined.login, facts, policy_, kNow);
    examined.cookie_value.clear();
    if (opened->outcome == core::OpenOutcome::TooMany) {
      answer["action"] = name_of(Action::Forbid);
      answer["event"] = core::to_string(Action::Forbid);
      examined.session.reset();
      return;
    }
    if (opened->outcome == core::OpenOutcome::Conflict) {
      answer["action"] = "Conflict";
      return;
    }
    examined.cookie_value = opened->cookie_value;
    examined.session = opened->session;
  }

  Json log_out(const Json& request, const core::Presented& presented) {
    const auto done = service_.logout(
        presented,
        {.scope = scope_of(request["scope"]), .answered_by_challenge = answered_by_challenge_},
        policy_.limits, kNow);
    return {{"cookie", done->cookie_value},
            {"is_answer", done->is_answer},
            {"scope_granted", done->scope_granted}};
  }

  static constexpr core::TimePoint kNow{core::Seconds(1'800'000'000)};

  core::Policy policy_{.limits = {}};
  bool answered_by_challenge_;
  store::MemoryStore store_{core::Hash256{1}};
  const core::KeyRing keys_ = one_key();
  CountingEntropy entropy_;
  core::Service service_{store_, keys_, entropy_};
};

}  // namespace
}  // namespace epoch

// The first line is the policy of the site.
int main() {
  std::string line;
  if (!std::getline(std::cin, line)) return 1;
  epoch::Oracle oracle(nlohmann::json::parse(line));
  while (std::getline(std::cin, line)) {
    std::cout << oracle.answer(nlohmann::json::parse(line)).dump() << std::endl;
  }
  return 0;
}
