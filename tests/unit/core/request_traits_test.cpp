#include "core/request_traits.h"

#include <gtest/gtest.h>

namespace epoch::core {
namespace {

RequestFields fields(std::string_view site, std::string_view mode, std::string_view dest,
                     std::string_view method = "GET") {
  RequestFields f;
  f.method = method;
  f.sec_fetch_site = site;
  f.sec_fetch_mode = mode;
  f.sec_fetch_dest = dest;
  return f;
}

TEST(RequestTraits, ATypedAddressIsANavigation) {
  const RequestTraits traits = traits_of(fields("none", "navigate", "document"));
  EXPECT_TRUE(traits.navigation);
  EXPECT_TRUE(traits.typed);
  EXPECT_TRUE(traits.sends_metadata);
  EXPECT_FALSE(traits.script);
  EXPECT_FALSE(traits.cross_site);
  EXPECT_FALSE(traits.same_origin);
}

TEST(RequestTraits, FetchAndXmlHttpRequestAreScripts) {
  EXPECT_TRUE(traits_of(fields("same-origin", "cors", "empty")).script);
  RequestFields old_library;
  old_library.method = "GET";
  old_library.x_requested_with = "XMLHttpRequest";
  EXPECT_TRUE(traits_of(old_library).script);
  EXPECT_FALSE(traits_of(fields("same-origin", "no-cors", "image")).script);
}

TEST(RequestTraits, AFramesNavigationIsNotAWindows) {
  EXPECT_TRUE(traits_of(fields("cross-site", "navigate", "iframe")).framed);
  EXPECT_FALSE(traits_of(fields("cross-site", "navigate", "document")).framed);
  EXPECT_FALSE(traits_of(fields("same-origin", "no-cors", "image")).framed);
}

TEST(RequestTraits, ASubdomainIsNotAnotherSite) {
  EXPECT_FALSE(traits_of(fields("same-site", "navigate", "document")).cross_site);
  EXPECT_FALSE(traits_of(fields("same-site", "navigate", "document")).same_origin);
  EXPECT_TRUE(traits_of(fields("cross-site", "navigate", "document")).cross_site);
}

TEST(RequestTraits, WithoutMetadataTheOriginFieldTells) {
  RequestFields f;
  f.method = "POST";
  f.has_origin = true;
  EXPECT_TRUE(traits_of(f).cross_site);
  f.origin_is_ours = true;
  EXPECT_FALSE(traits_of(f).cross_site);
  EXPECT_TRUE(traits_of(f).same_origin);
}

TEST(RequestTraits, WithoutBothTheRefererTells) {
  RequestFields f;
  f.method = "POST";
  EXPECT_FALSE(traits_of(f).same_origin);
  EXPECT_FALSE(traits_of(f).cross_site);
  f.referer_is_ours = true;
  EXPECT_TRUE(traits_of(f).same_origin);
}

TEST(RequestTraits, MetadataOverrulesAnOriginField) {
  RequestFields f = fields("cross-site", "navigate", "document", "POST");
  f.has_origin = f.origin_is_ours = true;
  EXPECT_TRUE(traits_of(f).cross_site);
  EXPECT_FALSE(traits_of(f).same_origin);
}

TEST(RequestTraits, OnlyGetAndHeadAreSafe) {
  EXPECT_TRUE(traits_of(fields("", "", "", "HEAD")).get);
  EXPECT_FALSE(traits_of(fields("", "", "", "POST")).get);
  EXPECT_FALSE(traits_of(fields("", "", "", "get")).get);
}

TEST(RequestTraits, SpeculationAndForgetAreSeen) {
  RequestFields f = fields("none", "navigate", "document");
  f.sec_purpose = "prefetch;prerender";
  f.auth_epoch = "Forget";
  EXPECT_TRUE(traits_of(f).speculative);
  EXPECT_TRUE(traits_of(f).forget);
}

}  // namespace
}  // namespace epoch::core
