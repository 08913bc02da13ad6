// SPDX-License-Identifier: MIT
// Options of TLS that a client refuses when it is made: the message names the option and the
// remedy, and holds no secret.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <drover/client.hpp>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "support/certificates.hpp"

namespace drover::tls_options_test {
namespace {

std::string complaint(const tls_options& with, const std::string& url = "rediss://localhost") {
  try {
    const client made{{.url = url, .tls = with}};
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return {};
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct sources {
  test::scratch_folder folder;
  test::authority ca{"options"};
  test::certificate_and_key own = ca.issue();
  test::certificate_and_key other = ca.issue();
};

TEST(tls_options, WhatBelongsTogetherIsTaken) {
  sources made;
  EXPECT_EQ(complaint({}), "");
  EXPECT_EQ(complaint({.verify = false}), "");
  EXPECT_EQ(complaint({.ca = {.text = made.ca.certificate()},
                       .certificate = {.text = made.own.certificate + made.ca.certificate()},
                       .key = {.text = made.own.key},
                       .crl = {.text = made.ca.revocation_list({})},
                       .server_name = "::1"}),
            "");
  // One file may hold the certificate and its key.
  const std::string both = made.folder.write("both.pem", made.own.key + made.own.certificate);
  EXPECT_EQ(complaint({.certificate = {.file = both}, .key = {.file = both}}), "");
}

TEST(tls_options, AFileThatCannotBeReadIsNamed) {
  const sources made;
  const std::string path = made.folder.path().string();
  const struct {
    const char* option;
    tls_options with;
  } cases[] = {
      {"client_options.tls.ca.file", {.ca = {.file = path + "/missing.pem"}}},
      {"client_options.tls.crl.file", {.crl = {.file = path + "/missing.pem"}}},
      {"client_options.tls.certificate.file",
       {.certificate = {.file = path + "/missing.pem"}, .key = {.text = made.own.key}}},
      {"client_options.tls.key.file",
       {.certificate = {.text = made.own.certificate}, .key = {.file = path + "/missing.pem"}}},
  };
  for (const auto& test_case : cases) {
    const std::string text = complaint(test_case.with);
    EXPECT_TRUE(holds(text, test_case.option)) << text;
    EXPECT_TRUE(holds(text, "missing.pem cannot be read (there is no such file); name a PEM file"))
        << text;
  }
  EXPECT_TRUE(holds(complaint({.ca = {.file = path}}), "it is not a regular file"));
  ASSERT_EQ(::mkfifo((path + "/pipe").c_str(), 0600), 0);
  EXPECT_TRUE(holds(complaint({.ca = {.file = path + "/pipe"}}), "it is not a regular file"));
  const std::string closed = made.folder.write("closed.pem", made.ca.certificate());
  std::filesystem::permissions(closed, std::filesystem::perms::none);
  if (::geteuid() != 0) {
    EXPECT_TRUE(holds(complaint({.ca = {.file = closed}}), "Permission denied"));
  }
  EXPECT_TRUE(holds(complaint({.ca = {.file = made.folder.write("empty.pem", "")}}), "empty"));
  const std::string vast = made.folder.write("vast.pem", std::string((4U << 20U) + 1, 'x'));
  EXPECT_TRUE(holds(complaint({.ca = {.file = vast}}), "longer than 4 MiB"));
}

TEST(tls_options, ATextThatIsNoneIsRefusedWithWhatIsMissing) {
  const sources made;
  const std::string half = made.ca.certificate() + made.ca.certificate().substr(0, 200);
  EXPECT_TRUE(holds(complaint({.ca = {.text = "text"}}), "tls.ca holds no certificate in PEM"));
  EXPECT_TRUE(holds(complaint({.ca = {.text = made.own.key}}), "tls.ca holds no certificate"));
  EXPECT_TRUE(holds(complaint({.ca = {.text = half}}), "tls.ca holds a damaged certificate"));
  EXPECT_TRUE(holds(complaint({.crl = {.text = made.ca.certificate()}}),
                    "tls.crl holds no revocation list"));
  EXPECT_TRUE(holds(complaint({.certificate = {.text = made.own.certificate},
                               .key = {.text = made.own.certificate}}),
                    "tls.key holds no private key"));
}

TEST(tls_options, AKeyOfAnotherCertificateIsRefusedAndNotShown) {
  const sources made;
  const std::string text =
      complaint({.certificate = {.text = made.own.certificate}, .key = {.text = made.other.key}});
  EXPECT_TRUE(holds(text, "tls.key does not belong to tls.certificate")) << text;
  EXPECT_FALSE(holds(text, "BEGIN")) << text;
}

// Without a check, OpenSSL would ask for the password at the terminal.
TEST(tls_options, AnEncryptedKeyIsRefused) {
  const sources made;
  std::string key = made.own.key;
  for (const char* word : {"BEGIN PRIVATE", "END PRIVATE"}) {
    const std::string_view begin = word;
    key.replace(key.find(begin), begin.size(),
                std::string{begin.substr(0, begin.find(' '))} + " ENCRYPTED PRIVATE");
  }
  EXPECT_TRUE(
      holds(complaint({.certificate = {.text = made.own.certificate}, .key = {.text = key}}),
            "tls.key is encrypted"));
}

TEST(tls_options, ContradictionsAreRefusedByName) {
  const sources made;
  const pem_source text{.text = made.ca.certificate()};
  const struct {
    const char* expected;
    tls_options with;
    const char* url = "rediss://localhost";
  } cases[] = {
      {"tls.ca has both a file and a text", {.ca = {.file = "a.pem", .text = "b"}}},
      {"tls.certificate needs tls.key", {.certificate = text}},
      {"tls.key needs tls.certificate", {.key = text}},
      {"tls.ca has no effect while tls.verify is false", {.ca = text, .verify = false}},
      {"tls.crl has no effect while tls.verify is false", {.crl = text, .verify = false}},
      {"tls.server_name has no effect", {.server_name = "a", .verify = false}},
      {"tls.server_name is neither", {.server_name = "a b"}},
      {"tls.server_name is neither", {.server_name = "https://a"}},
      {"tls.ca needs TLS", {.ca = text}, "redis://localhost"},
      {"tls.verify needs TLS", {.verify = false}, "redis://localhost"},
      {"tls.server_name needs TLS", {.server_name = "a"}, "unix:///run/redis.sock"},
  };
  for (const auto& test_case : cases) {
    const std::string text_of_it = complaint(test_case.with, test_case.url);
    EXPECT_TRUE(holds(text_of_it, std::string{"client_options."} + test_case.expected))
        << text_of_it << "\nexpected: " << test_case.expected;
  }
}

TEST(tls_options, NoUrlTurnsVerificationOff) {
  for (const char* url : {"rediss://localhost?verify=false", "rediss://localhost/0?insecure=1",
                          "rediss://localhost/0#insecure", "rediss+insecure://localhost"}) {
    EXPECT_NE(complaint({}, url), "") << url;
  }
}

}  // namespace
}  // namespace drover::tls_options_test
