// SPDX-License-Identifier: MIT
#include "support/certificates.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <atomic>
#include <cerrno>
#include <ctime>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <system_error>

namespace drover::test {
namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* owned) const noexcept {
    Free(owned);
  }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using list_ptr = std::unique_ptr<X509_CRL, freed_by<X509_CRL_free>>;

void require(bool holds) {
  if (!holds) throw std::runtime_error{"a certificate could not be made"};
}

std::string text_of(const std::function<int(BIO*)>& write) {
  const std::unique_ptr<BIO, freed_by<BIO_free>> into{BIO_new(BIO_s_mem())};
  require(into != nullptr && write(into.get()) == 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(into.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string text_of(X509* certificate) {
  return text_of([&](BIO* into) { return PEM_write_bio_X509(into, certificate); });
}

std::string text_of(EVP_PKEY* key) {
  return text_of([&](BIO* into) {
    return PEM_write_bio_PrivateKey(into, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

void name(X509_NAME* what, const std::string& text) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.c_str());
  require(X509_NAME_add_entry_by_txt(what, "CN", MBSTRING_ASC, bytes, -1, -1, 0) == 1);
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>> extension{
      X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str())};
  require(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1);
}

long next_serial() {
  static std::atomic<long> last{1000};
  return ++last;
}

certificate_ptr unsigned_certificate(EVP_PKEY* key, const std::string& subject, long serial,
                                     const certificate_options& with) {
  certificate_ptr out{X509_new()};
  require(out != nullptr && X509_set_version(out.get(), 2) == 1 &&
          ASN1_INTEGER_set(X509_get_serialNumber(out.get()), serial) == 1 &&
          X509_gmtime_adj(X509_getm_notBefore(out.get()), with.from.count()) != nullptr &&
          X509_gmtime_adj(X509_getm_notAfter(out.get()), with.until.count()) != nullptr &&
          X509_set_pubkey(out.get(), key) == 1);
  name(X509_get_subject_name(out.get()), subject);
  return out;
}

void add_names(X509* to, X509* issuer, const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& each : names) list += (list.empty() ? "" : ",") + each;
  if (!list.empty()) extend(to, issuer, NID_subject_alt_name, list);
}

}  // namespace

struct authority::parts {
  parts() = default;
  ~parts() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  parts(const parts&) = delete;
  parts& operator=(const parts&) = delete;

  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = nullptr;
};

authority::authority(const std::string& subject) : parts_{std::make_unique<parts>()} {
  parts_->certificate = unsigned_certificate(parts_->key, subject, next_serial(), {}).release();
  X509* const own = parts_->certificate;
  require(X509_set_issuer_name(own, X509_get_subject_name(own)) == 1);
  extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
  extend(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
  require(X509_sign(own, parts_->key, EVP_sha256()) > 0);
}

authority::~authority() = default;

std::string authority::certificate() const { return text_of(parts_->certificate); }

certificate_and_key authority::issue(const certificate_options& with) {
  const key_ptr key{EVP_EC_gen("P-256")};
  const long serial = next_serial();
  const auto made = unsigned_certificate(key.get(), "localhost", serial, with);
  X509* const issuer = parts_->certificate;
  require(X509_set_issuer_name(made.get(), X509_get_subject_name(issuer)) == 1);
  add_names(made.get(), issuer, with.names);
  require(X509_sign(made.get(), parts_->key, EVP_sha256()) > 0);
  return {text_of(made.get()), text_of(key.get()), serial};
}

std::string authority::revocation_list(const std::vector<long>& serials,
                                       std::chrono::seconds until) {
  const list_ptr list{X509_CRL_new()};
  const std::unique_ptr<ASN1_TIME, freed_by<ASN1_STRING_free>> from{
      ASN1_TIME_adj(nullptr, std::time(nullptr), 0, -24L * 3600)};
  const std::unique_ptr<ASN1_TIME, freed_by<ASN1_STRING_free>> to{
      ASN1_TIME_adj(nullptr, std::time(nullptr), 0, until.count())};
  require(X509_CRL_set_version(list.get(), 1) == 1 &&
          X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(parts_->certificate)) == 1 &&
          X509_CRL_set1_lastUpdate(list.get(), from.get()) == 1 &&
          X509_CRL_set1_nextUpdate(list.get(), to.get()) == 1);
  for (const long serial : serials) {
    std::unique_ptr<X509_REVOKED, freed_by<X509_REVOKED_free>> entry{X509_REVOKED_new()};
    const std::unique_ptr<ASN1_INTEGER, freed_by<ASN1_STRING_free>> number{ASN1_INTEGER_new()};
    require(ASN1_INTEGER_set(number.get(), serial) == 1 &&
            X509_REVOKED_set_serialNumber(entry.get(), number.get()) == 1 &&
            X509_REVOKED_set_revocationDate(entry.get(), from.get()) == 1 &&
            X509_CRL_add0_revoked(list.get(), entry.release()) == 1);
  }
  require(X509_CRL_sign(list.get(), parts_->key, EVP_sha256()) > 0);
  return text_of([&](BIO* into) { return PEM_write_bio_X509_CRL(into, list.get()); });
}

certificate_and_key self_signed(const certificate_options& with) {
  const key_ptr key{EVP_EC_gen("P-256")};
  const long serial = next_serial();
  const auto made = unsigned_certificate(key.get(), "localhost", serial, with);
  require(X509_set_issuer_name(made.get(), X509_get_subject_name(made.get())) == 1);
  add_names(made.get(), made.get(), with.names);
  require(X509_sign(made.get(), key.get(), EVP_sha256()) > 0);
  return {text_of(made.get()), text_of(key.get()), serial};
}

scratch_folder::scratch_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "drover-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw std::system_error{errno, std::generic_category(), "mkdtemp"};
  }
  path_ = name;
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string scratch_folder::write(const std::string& name, std::string_view text) const {
  std::ofstream{path_ / name, std::ios::binary} << text;
  return (path_ / name).string();
}

}  // namespace drover::test
