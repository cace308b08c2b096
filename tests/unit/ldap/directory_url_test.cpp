#include "ldap/directory_url.h"

#include <gtest/gtest.h>

namespace epoch::ldap {
namespace {

DirectoryUrl parsed(std::string_view url, std::string_view mode = {}) {
  const core::Result<DirectoryUrl> result = parse_directory_url(url, mode);
  EXPECT_TRUE(result.ok()) << url;
  return result.ok() ? result.value() : DirectoryUrl();
}

std::string refused(std::string_view url, std::string_view mode = {}) {
  const core::Result<DirectoryUrl> result = parse_directory_url(url, mode);
  EXPECT_FALSE(result.ok()) << url;
  return result.ok() ? "" : result.error().detail;
}

TEST(DirectoryUrl, DefaultsAreThoseOfModAuthnzLdap) {
  const DirectoryUrl url = parsed("ldap://directory.example.org/dc=example,dc=org");
  EXPECT_EQ(url.uris, "ldap://directory.example.org:389");
  EXPECT_EQ(url.base, "dc=example,dc=org");
  EXPECT_EQ(url.attribute, "uid");
  EXPECT_EQ(url.scope, Scope::Subtree);
  EXPECT_EQ(url.filter, "(&(objectClass=*)(uid=*))");
  EXPECT_EQ(url.tls, Tls::None);
}

TEST(DirectoryUrl, EveryPartIsRead) {
  const DirectoryUrl url =
      parsed("ldap://h:1389/ou=people,o=x?mail,cn?one?(objectClass=person)", "STARTTLS");
  EXPECT_EQ(url.uris, "ldap://h:1389");
  EXPECT_EQ(url.attribute, "mail");
  EXPECT_EQ(url.scope, Scope::OneLevel);
  EXPECT_EQ(url.filter, "(&(objectClass=person)(mail=*))");
  EXPECT_EQ(url.tls, Tls::StartTls);
}

TEST(DirectoryUrl, AFilterMayComeWithoutParentheses) {
  EXPECT_EQ(parsed("ldap://h/o=x?uid?sub?employeeType=staff").filter,
            "(&(employeeType=staff)(uid=*))");
}

TEST(DirectoryUrl, TheTextStaysAsItWasGiven) {
  constexpr std::string_view kText = "LDAP://H/O=X%20Y?UID";
  EXPECT_EQ(parsed(kText).text, kText);
  EXPECT_EQ(parsed(kText).base, "O=X Y");
}

TEST(DirectoryUrl, PercentSignsAreDecoded) {
  const DirectoryUrl url = parsed("ldap://h/ou=a%2cb,o=x?uid?sub?(cn=%c3%a9)");
  EXPECT_EQ(url.base, "ou=a,b,o=x");
  EXPECT_EQ(url.filter, "(&(cn=\xc3\xa9)(uid=*))");
}

TEST(DirectoryUrl, SeveralHostsAreTriedInOrderAndShareTheLastPort) {
  EXPECT_EQ(parsed("ldap://a b:1389/o=x").uris, "ldap://a:1389 ldap://b:1389");
  EXPECT_EQ(parsed("ldap://a:10 b/o=x").uris, "ldap://a:10 ldap://b:389");
}

TEST(DirectoryUrl, IPv6AddressesStandInBrackets) {
  EXPECT_EQ(parsed("ldap://[2001:db8::1]:1389 [::1]/o=x").uris,
            "ldap://[2001:db8::1]:1389 ldap://[::1]:389");
}

TEST(DirectoryUrl, LdapsIsTlsFromTheStartWhateverTheModeSays) {
  EXPECT_EQ(parsed("ldaps://h/o=x").uris, "ldaps://h:636");
  EXPECT_EQ(parsed("ldaps://h/o=x", "NONE").tls, Tls::Ldaps);
  EXPECT_EQ(parsed("ldap://h/o=x", "ssl").uris, "ldaps://h:636");
}

TEST(DirectoryUrl, ASocketIsAHostToo) {
  EXPECT_EQ(parsed("ldapi://%2frun%2fldapi/o=x").uris, "ldapi://%2frun%2fldapi/");
}

TEST(DirectoryUrl, WithoutAHostItIsThisOne) {
  EXPECT_EQ(parsed("ldap:///o=x").uris, "ldap://localhost:389");
}

TEST(DirectoryUrl, WhatIsWrongIsSaidTogetherWithWhatIsAccepted) {
  EXPECT_NE(refused("http://h/o=x").find("does not begin with ldap://"), std::string::npos);
  EXPECT_NE(refused("ldap://h:99999/o=x").find("h:99999"), std::string::npos);
  EXPECT_NE(refused("ldap://[::1/o=x").find("brackets"), std::string::npos);
  EXPECT_NE(refused("ldap://h/o=x?uid?everything").find("scope"), std::string::npos);
  EXPECT_NE(refused("ldap://h/o=x", "sometimes").find("STARTTLS"), std::string::npos);
  EXPECT_NE(refused("ldapi://s/o=x", "SSL").find("no SSL"), std::string::npos);
}

}  // namespace
}  // namespace epoch::ldap
