// SPDX-License-Identifier: MIT
// Checks the options of `drover audit` about TLS and converts them.
#include <string>

#include "cli/audit_command.hpp"
#include "text/usage_error.hpp"

namespace drover::cli {

void audit_command::check_tls() const {
  if (has("--tls-cert") != has("--tls-key")) {
    throw text::usage_error{std::string{has("--tls-cert") ? "--tls-cert" : "--tls-key"} +
                            " requires " + (has("--tls-cert") ? "--tls-key" : "--tls-cert")};
  }
  if (makes_certificate_ && has("--tls-cert")) {
    throw text::usage_error{
        "--tls makes a certificate for the run; it cannot be combined with --tls-cert"};
  }
  if (has("--upstream-cert") != has("--upstream-key")) {
    throw text::usage_error{
        std::string{has("--upstream-cert") ? "--upstream-cert" : "--upstream-key"} + " requires " +
        (has("--upstream-cert") ? "--upstream-key" : "--upstream-cert")};
  }
  if (has("--redis")) {
    for (const char* const option : {"--upstream-ca", "--upstream-cert", "--upstream-name"}) {
      if (!has(option)) continue;
      throw text::usage_error{std::string{option} +
                              " cannot be combined with --redis auto, which has no TLS"};
    }
  }
}

void audit_command::parse_tls(audit::audit_options& options) const {
  options.server_tls.ca.file = server_ca_;
  options.server_tls.certificate.file = server_certificate_;
  options.server_tls.key.file = server_key_;
  options.server_tls.server_name = server_name_;
  options.makes_certificate = makes_certificate_;
  if (has("--tls-cert")) options.certificate.emplace(certificate_, key_);
}

}  // namespace drover::cli
