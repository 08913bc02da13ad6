// SPDX-License-Identifier: MIT
#include "connection/openssl_faults.hpp"

#include <arpa/inet.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <string_view>

#include "base/printing.hpp"

namespace drover::connection {
namespace {

constexpr std::size_t shown_name_max = 64;
constexpr int shown_names_max = 3;

std::string text_of_name(const GENERAL_NAME& name) {
  const ASN1_STRING* text = nullptr;
  if (name.type == GEN_DNS) text = name.d.dNSName;
  if (name.type == GEN_IPADD) text = name.d.iPAddress;
  if (text == nullptr) return {};
  const auto* const bytes = ASN1_STRING_get0_data(text);
  const auto size = static_cast<std::size_t>(ASN1_STRING_length(text));
  if (name.type == GEN_DNS) {
    return base::printable({reinterpret_cast<const char*>(bytes), size}, shown_name_max);
  }
  std::array<char, INET6_ADDRSTRLEN> out{};
  const int family = size == 4 ? AF_INET : AF_INET6;
  if (size != 4 && size != 16) return {};
  return ::inet_ntop(family, bytes, out.data(), out.size()) == nullptr ? "" : out.data();
}

// The names in the server's certificate, as "a, b".
std::string names_of(const X509* certificate) {
  if (certificate == nullptr) return {};
  auto free_names = [](GENERAL_NAMES* names) { GENERAL_NAMES_free(names); };
  const std::unique_ptr<GENERAL_NAMES, decltype(free_names)> names{
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      free_names};
  std::string out;
  const int count = sk_GENERAL_NAME_num(names.get());
  for (int i = 0; i < count && i < shown_names_max; ++i) {
    const std::string name = text_of_name(*sk_GENERAL_NAME_value(names.get(), i));
    if (!name.empty()) out += (out.empty() ? "" : ", ") + name;
  }
  return count > shown_names_max ? out + ", ..." : out;
}

fault refused(std::string text) { return {fault_code::unsupported, std::move(text)}; }

std::string alert_name(int alert) {
  const char* const name = SSL_alert_desc_string_long(alert);
  return name == nullptr ? "unknown" : name;
}

fault fault_of_alert(int alert) {
  const std::string shown = " (alert: " + alert_name(alert) + ")";
  switch (alert) {
    case TLS13_AD_CERTIFICATE_REQUIRED:
      return refused("the server wants a client certificate: set tls.certificate and tls.key" +
                     shown);
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
      return refused("the server does not accept the client certificate in tls.certificate" +
                     shown);
    case SSL_AD_HANDSHAKE_FAILURE:
      return refused(
          "the server refused the TLS handshake: it wants a client certificate "
          "(tls.certificate), or offers no cipher of this client" +
          shown);
    case SSL_AD_PROTOCOL_VERSION:
      return refused("the server does not speak TLS 1.2 or newer" + shown);
    case SSL_AD_UNRECOGNIZED_NAME:
      return refused("the server knows no such host; tls.server_name may be wrong" + shown);
    default: return {fault_code::unreachable, "the server ended TLS with an error" + shown};
  }
}

}  // namespace

fault fault_of_certificate(int code, int depth, const X509* certificate,
                           const std::string& wanted) {
  const std::string whose =
      depth == 0 ? "the server's certificate " : "an authority's certificate above the server's ";
  switch (code) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: {
      const std::string names = names_of(certificate);
      return refused("the server's certificate is not for " + base::printable(wanted, 255) +
                     (names.empty() ? ", because it names no host" : ", but for " + names) +
                     "; use such a name in the URL or as tls.server_name");
    }
    case X509_V_ERR_CERT_HAS_EXPIRED: return refused(whose + "has expired");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return refused(whose + "is not valid yet (or the clock of this machine is wrong)");
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return refused(
          "the server's certificate is self-signed and not trusted; "
          "to trust it, give it as tls.ca");
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return refused(
          "the authority of the server's certificate is not trusted (unknown CA); "
          "to trust it, give its certificate as tls.ca");
    case X509_V_ERR_CERT_REVOKED: return refused(whose + "is revoked by tls.crl");
    case X509_V_ERR_UNABLE_TO_GET_CRL:
      return refused("tls.crl has no revocation list of an authority in the server's chain");
    case X509_V_ERR_CRL_HAS_EXPIRED:
      return refused("a revocation list in tls.crl has expired; make a client with a newer one");
    case X509_V_ERR_CRL_NOT_YET_VALID:
      return refused("a revocation list in tls.crl is not valid yet");
    default:
      return refused("the server's certificate is not accepted: " +
                     std::string{X509_verify_cert_error_string(code)});
  }
}

fault fault_of_session(bool in_handshake) {
  const unsigned long error = ERR_peek_last_error();
  const int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
  if (reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
    return fault_of_alert(reason - SSL_AD_REASON_OFFSET);
  }
  switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_UNEXPECTED_MESSAGE:
      if (!in_handshake) break;
      return refused(
          "the server does not speak TLS at this port; use its TLS port, or redis:// for "
          "a server without TLS");
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_PROTOCOLS_AVAILABLE: return refused("the server does not speak TLS 1.2 or newer");
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return {fault_code::unreachable,
              in_handshake ? "the connection ended in the TLS handshake"
                           : "the connection was cut: it ended without the end of TLS "
                             "(close_notify)"};
    default: break;
  }
  return {fault_code::unreachable, "TLS failed: " + last_reason()};
}

std::string last_reason() {
  const char* const text = ERR_reason_error_string(ERR_peek_last_error());
  return text == nullptr ? "unknown cause" : text;
}

}  // namespace drover::connection
