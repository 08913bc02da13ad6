// SPDX-License-Identifier: MIT
// The settings of OpenSSL for all connections of one client.
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "connection/openssl_faults.hpp"
#include "connection/openssl_session.hpp"
#include "connection/tls.hpp"
#include "connection/tls_sources.hpp"

namespace drover::connection {
namespace {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* owned) const noexcept {
    Free(owned);
  }
};
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using list_ptr = std::unique_ptr<X509_CRL, freed_by<X509_CRL_free>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using memory_ptr = std::unique_ptr<BIO, freed_by<BIO_free>>;
using ticket_ptr = std::unique_ptr<SSL_SESSION, freed_by<SSL_SESSION_free>>;
using context_ptr = std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>>;

// Without this, OpenSSL asks for the password of a key at the terminal.
int no_password(char* /*into*/, int /*size*/, int /*writing*/, void* /*data*/) noexcept {
  return -1;
}

memory_ptr reader_of(const std::string& text) {
  memory_ptr out{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  if (!out) throw std::bad_alloc{};
  return out;
}

// PEM texts are read item by item; the end and damage are told apart by the last error.
bool is_at_end() noexcept {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

template <class Item, class Read, class Use>
std::optional<fault> each_in(const std::string& text, const std::string& option, const char* what,
                             Read read, Use use) {
  const auto from = reader_of(text);
  int count = 0;
  for (;; ++count) {
    const Item item{read(from.get(), nullptr, &no_password, nullptr)};
    if (!item) break;
    if (!use(item.get())) {
      return refused_option(option + ": OpenSSL does not take it: " + last_reason());
    }
  }
  if (count > 0 && is_at_end()) return std::nullopt;
  return refused_option(option + " holds " + (count == 0 ? "no " : "a damaged ") + what +
                        " in PEM (-----BEGIN ...); convert it with openssl, or name another file");
}

std::optional<fault> use_authorities(SSL_CTX* context, const std::string& text) {
  if (text.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    return std::nullopt;
  }
  X509_STORE* const trusted = SSL_CTX_get_cert_store(context);
  return each_in<certificate_ptr>(
      text, "tls.ca", "certificate", PEM_read_bio_X509_AUX,
      [&](X509* one) { return X509_STORE_add_cert(trusted, one) == 1; });
}

std::optional<fault> use_lists(SSL_CTX* context, const std::string& text) {
  if (text.empty()) return std::nullopt;
  X509_STORE* const trusted = SSL_CTX_get_cert_store(context);
  X509_STORE_set_flags(trusted, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return each_in<list_ptr>(text, "tls.crl", "revocation list", PEM_read_bio_X509_CRL,
                           [&](X509_CRL* one) { return X509_STORE_add_crl(trusted, one) == 1; });
}

std::optional<fault> use_own(SSL_CTX* context, const tls_texts& texts) {
  if (texts.certificate.empty()) return std::nullopt;
  bool is_first = true;
  auto wrong = each_in<certificate_ptr>(texts.certificate, "tls.certificate", "certificate",
                                        PEM_read_bio_X509_AUX, [&](X509* one) {
                                          if (std::exchange(is_first, false))
                                            return SSL_CTX_use_certificate(context, one) == 1;
                                          return SSL_CTX_add1_chain_cert(context, one) == 1;
                                        });
  if (wrong) return wrong;
  if (texts.key.find("ENCRYPTED") != std::string::npos) {
    return refused_option(
        "tls.key is encrypted; give it without a password (openssl pkey -in KEY -out PLAIN_KEY)");
  }
  const key_ptr key{
      PEM_read_bio_PrivateKey(reader_of(texts.key).get(), nullptr, &no_password, nullptr)};
  if (!key) return refused_option("tls.key holds no private key in PEM (-----BEGIN ...)");
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1) {
    return refused_option(
        "tls.key does not belong to tls.certificate: give the key with which it was made");
  }
  return std::nullopt;
}

bool is_address(const std::string& name) noexcept {
  in6_addr ignored{};
  return ::inet_pton(AF_INET, name.c_str(), &ignored) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), &ignored) == 1;
}

class openssl_context final : public tls_context {
 public:
  openssl_context(context_ptr context, std::string server_name, bool verifies)
      : context_{std::move(context)}, server_name_{std::move(server_name)}, verifies_{verifies} {
    SSL_CTX_set_app_data(context_.get(), this);
    SSL_CTX_set_session_cache_mode(context_.get(),
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context_.get(), keep_ticket);
  }

  std::unique_ptr<tls_session> begin(const std::string& host) override {
    std::string name = server_name_.empty() ? host : server_name_;
    if (name.size() > 1 && name.back() == '.') name.pop_back();
    if (name.empty()) throw std::invalid_argument{"a session of TLS without the name of its peer"};
    const error_mark mark;
    std::unique_ptr<SSL, ssl_deleter> session{SSL_new(context_.get())};
    if (!session) throw std::bad_alloc{};
    SSL* const raw = session.get();
    const bool numeric = is_address(name);
    X509_VERIFY_PARAM* const rules = SSL_get0_param(raw);
    X509_VERIFY_PARAM_set_hostflags(
        rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    const bool is_set = numeric ? X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1
                                : SSL_set1_host(raw, name.c_str()) == 1 &&
                                      SSL_set_tlsext_host_name(raw, name.c_str()) == 1;
    if (!is_set) throw std::bad_alloc{};
    if (const auto ticket = take_ticket(name)) SSL_set_session(raw, ticket.get());
    return std::make_unique<openssl_session>(std::move(session), std::move(name));
  }

  [[nodiscard]] bool verifies() const noexcept override { return verifies_; }

 private:
  // The newest ticket with a name leads to the session that a new connection resumes. It is used
  // once: if the handshake with it fails, the next one is a full handshake.
  ticket_ptr take_ticket(const std::string& name) noexcept {
    const std::lock_guard lock{mutex_};
    const auto kept = tickets_.find(name);
    return kept == tickets_.end() ? nullptr : std::move(kept->second);
  }

  // A ticket for which there is no room costs the next connection a full handshake.
  static int keep_ticket(SSL* session, SSL_SESSION* ticket) noexcept {
    auto& self = *static_cast<openssl_context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(session)));
    const auto* const owner = static_cast<openssl_session*>(SSL_get_app_data(session));
    ticket_ptr before{ticket};
    try {
      const std::lock_guard lock{self.mutex_};
      if (self.tickets_.size() >= tickets_max && !self.tickets_.contains(owner->name())) {
        self.tickets_.erase(self.tickets_.begin());
      }
      before.swap(self.tickets_[owner->name()]);
    } catch (const std::bad_alloc&) {
      return 1;
    }
    return 1;
  }

  static constexpr std::size_t tickets_max = 256;

  const context_ptr context_;
  const std::string server_name_;  // empty: the host of each connection
  const bool verifies_;
  std::mutex mutex_;
  std::map<std::string, ticket_ptr> tickets_;  // by name; guarded by `mutex_`
};

}  // namespace

result<std::shared_ptr<tls_context>> make_tls_context(const tls_options& with) {
  auto texts = read_sources(with);
  if (!texts) return texts.error();
  // OpenSSL's handler for the end of the process would take away what a client uses that is
  // destroyed, or still runs, after it.
  OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, nullptr);
  const error_mark mark;
  context_ptr context{SSL_CTX_new(TLS_client_method())};
  if (!context) throw std::bad_alloc{};
  SSL_CTX* const raw = context.get();
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(raw, with.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) != 1) throw std::bad_alloc{};
  if (with.verify) {
    if (auto wrong = use_authorities(raw, texts->ca)) return *std::move(wrong);
    if (auto wrong = use_lists(raw, texts->crl)) return *std::move(wrong);
  }
  auto wrong = use_own(raw, *texts);
  OPENSSL_cleanse(texts->key.data(), texts->key.size());
  if (wrong) return *std::move(wrong);
  return std::shared_ptr<tls_context>{
      std::make_shared<openssl_context>(std::move(context), with.server_name, with.verify)};
}

}  // namespace drover::connection
