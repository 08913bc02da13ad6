// SPDX-License-Identifier: MIT
// The authority and the certificate of one run.
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "audit/proxy/tls_acceptor.hpp"
#include "connection/openssl_faults.hpp"

namespace drover::audit {
namespace {

constexpr long valid_for_seconds = 31L * 24 * 3600;
constexpr long valid_before_seconds = 3600;

struct freed_key {
  void operator()(EVP_PKEY* owned) const noexcept { EVP_PKEY_free(owned); }
};
struct freed_certificate {
  void operator()(X509* owned) const noexcept { X509_free(owned); }
};
struct freed_memory {
  void operator()(BIO* owned) const noexcept { BIO_free(owned); }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_key>;
using certificate_ptr = std::unique_ptr<X509, freed_certificate>;
using memory_ptr = std::unique_ptr<BIO, freed_memory>;

void require(bool succeeded) {
  if (!succeeded) throw std::bad_alloc{};
}

key_ptr new_key() {
  key_ptr key{EVP_EC_gen("P-256")};
  require(key != nullptr);
  return key;
}

void add_extension(X509* to, X509* issuer, int kind, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value);
  require(extension != nullptr);
  const bool is_added = X509_add_ext(to, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  require(is_added);
}

void set_serial(X509* of) {
  std::array<unsigned char, 16> bytes{};
  require(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
  bytes[0] &= 0x7FU;
  BIGNUM* const number = BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr);
  require(number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(of)) != nullptr);
  BN_free(number);
}

/// Without extensions and signature. `issuer` nullptr: it is its own issuer.
certificate_ptr new_certificate(EVP_PKEY* key, const char* name, X509* issuer) {
  certificate_ptr out{X509_new()};
  require(out && X509_set_version(out.get(), X509_VERSION_3) == 1);
  set_serial(out.get());
  X509_gmtime_adj(X509_getm_notBefore(out.get()), -valid_before_seconds);
  X509_gmtime_adj(X509_getm_notAfter(out.get()), valid_for_seconds);
  require(X509_set_pubkey(out.get(), key) == 1);
  X509_NAME* const subject = X509_get_subject_name(out.get());
  require(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                                     reinterpret_cast<const unsigned char*>(name), -1, -1, 0) == 1);
  require(X509_set_issuer_name(out.get(),
                               issuer == nullptr ? subject : X509_get_subject_name(issuer)) == 1);
  return out;
}

std::string text_of(BIO* memory) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(memory, &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string text_of(X509* certificate) {
  const memory_ptr memory{BIO_new(BIO_s_mem())};
  require(memory && PEM_write_bio_X509(memory.get(), certificate) == 1);
  return text_of(memory.get());
}

std::string text_of(EVP_PKEY* key) {
  const memory_ptr memory{BIO_new(BIO_s_mem())};
  require(memory && PEM_write_bio_PKCS8PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr,
                                                  nullptr) == 1);
  return text_of(memory.get());
}

result<void> write_new_file(const std::filesystem::path& file, std::string_view text, int mode) {
  const int descriptor =
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
  bool is_written = descriptor >= 0;
  if (is_written) {
    is_written = ::fchmod(descriptor, static_cast<mode_t>(mode)) == 0 &&
                 ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    is_written = ::close(descriptor) == 0 && is_written;
  }
  if (is_written) return {};
  return fault{fault_code::unsupported,
               file.string() + " cannot be written: " + std::strerror(errno)};
}

}  // namespace

result<run_certificate> make_run_certificate(const std::filesystem::path& folder) {
  const connection::error_mark mark;
  const key_ptr authority_key = new_key();
  const certificate_ptr authority =
      new_certificate(authority_key.get(), "authority of one run of drover audit", nullptr);
  add_extension(authority.get(), authority.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(authority.get(), authority.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(authority.get(), authority.get(), NID_subject_key_identifier, "hash");
  require(X509_sign(authority.get(), authority_key.get(), EVP_sha256()) > 0);

  const key_ptr key = new_key();
  const certificate_ptr own = new_certificate(key.get(), "drover audit", authority.get());
  add_extension(own.get(), authority.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(own.get(), authority.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(own.get(), authority.get(), NID_ext_key_usage, "serverAuth");
  add_extension(own.get(), authority.get(), NID_subject_key_identifier, "hash");
  add_extension(own.get(), authority.get(), NID_authority_key_identifier, "keyid");
  add_extension(own.get(), authority.get(), NID_subject_alt_name,
                "DNS:localhost,IP:127.0.0.1,IP:::1");
  require(X509_sign(own.get(), authority_key.get(), EVP_sha256()) > 0);

  constexpr int readable = 0644;
  constexpr int private_to_owner = 0600;
  run_certificate out{{folder / "cert.pem", folder / "key.pem"}, folder / "ca.pem"};
  const std::pair<std::filesystem::path, std::pair<std::string, int>> files[] = {
      {out.authority, {text_of(authority.get()), readable}},
      {out.files.certificate, {text_of(own.get()), readable}},
      {out.files.key, {text_of(key.get()), private_to_owner}}};
  for (const auto& [file, text] : files) {
    if (auto written = write_new_file(file, text.first, text.second); !written) {
      return written.error();
    }
  }
  return out;
}

}  // namespace drover::audit
