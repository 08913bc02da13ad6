// SPDX-License-Identifier: MIT
// A session against OpenSSL's server in memory: bytes in any pieces, messages that are not whole,
// and errors that are not its own.
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "connection/tls.hpp"
#include "support/certificates.hpp"

namespace drover::connection::tls_session_test {
namespace {

using status = tls_session::status;

/// A server that reads and writes memory.
class memory_server {
 public:
  explicit memory_server(test::authority& ca, bool asks = false,
                         const test::certificate_options& with = {})
      : context_{SSL_CTX_new(TLS_server_method())} {
    const auto own = ca.issue(with);
    use(own.certificate, PEM_read_bio_X509, [&](X509* one) {
      SSL_CTX_use_certificate(context_.get(), one);
      X509_free(one);
    });
    use(own.key, PEM_read_bio_PrivateKey, [&](EVP_PKEY* one) {
      SSL_CTX_use_PrivateKey(context_.get(), one);
      EVP_PKEY_free(one);
    });
    use(ca.certificate(), PEM_read_bio_X509, [&](X509* one) {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), one);
      X509_free(one);
    });
    if (asks) SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_session_id_context(context_.get(), reinterpret_cast<const unsigned char*>("m"), 1);
    SSL_CTX_set_max_send_fragment(context_.get(), 512);
    accept();
  }
  /// Another connection to the same server.
  void accept() {
    session_.reset(SSL_new(context_.get()));
    SSL_set_bio(session_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(session_.get());
  }

  void take(std::string_view bytes) {
    BIO_write(SSL_get_rbio(session_.get()), bytes.data(), static_cast<int>(bytes.size()));
  }
  std::string output() {
    std::string out(BIO_ctrl_pending(SSL_get_wbio(session_.get())), '\0');
    if (!out.empty()) {
      BIO_read(SSL_get_wbio(session_.get()), out.data(), static_cast<int>(out.size()));
    }
    return out;
  }
  bool shake() { return SSL_do_handshake(session_.get()) == 1; }
  void write(const std::string& text) {
    std::size_t written = 0;
    ASSERT_EQ(SSL_write_ex(session_.get(), text.data(), text.size(), &written), 1);
  }
  std::string read() {
    std::array<char, 65536> bytes;
    std::size_t size = 0;
    std::string out;
    while (SSL_read_ex(session_.get(), bytes.data(), bytes.size(), &size) == 1) {
      out.append(bytes.data(), size);
    }
    return out;
  }
  void change_keys() {
    ASSERT_EQ(SSL_key_update(session_.get(), SSL_KEY_UPDATE_REQUESTED), 1);
    ASSERT_EQ(SSL_do_handshake(session_.get()), 1);
  }
  void say_farewell() { SSL_shutdown(session_.get()); }

 private:
  struct context_deleter {
    void operator()(SSL_CTX* owned) const noexcept { SSL_CTX_free(owned); }
  };
  struct session_deleter {
    void operator()(SSL* owned) const noexcept { SSL_free(owned); }
  };
  template <class Read, class Use>
  static void use(const std::string& text, Read read, Use use_item) {
    BIO* const from = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
    auto* const item = read(from, nullptr, nullptr, nullptr);
    BIO_free(from);
    ASSERT_NE(item, nullptr);
    use_item(item);
  }

  std::unique_ptr<SSL_CTX, context_deleter> context_;
  std::unique_ptr<SSL, session_deleter> session_;
};

/// What the client has read, with everything that is fed to it in slices.
class memory_client {
 public:
  explicit memory_client(std::unique_ptr<tls_session> session) : session_{std::move(session)} {}

  /// Gives `bytes` to the session, `slice` at a time.
  status take(std::string_view bytes, std::size_t slice = SIZE_MAX) {
    auto last = status::wants_input;
    while (!bytes.empty()) {
      pieces_ = bytes.substr(0, slice);
      bytes.remove_prefix(pieces_.size());
      session_->feed(pieces_);
      last = is_complete_ ? read_all() : shake();
      if (last == status::moved) last = read_all();
    }
    return last;
  }
  status shake() {
    const auto step = session_->shake(output_);
    is_complete_ = step.is == status::moved;
    return step.is;
  }
  status read_all() {
    std::array<char, 300> into;
    for (;;) {
      const auto step = session_->open(into);
      frees_writer_ = frees_writer_ || step.frees_writer;
      if (step.is != status::moved) return step.is;
      text_.append(into.data(), step.bytes);
    }
  }
  tls_session::step write(std::string_view text) {
    std::string sealed;
    const auto step = session_->seal(text, sealed);
    output_ += sealed;
    return step;
  }
  std::string output() { return std::exchange(output_, {}); }
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool frees_writer() const { return frees_writer_; }
  [[nodiscard]] bool is_complete() const { return is_complete_; }
  tls_session& session() { return *session_; }

 private:
  std::unique_ptr<tls_session> session_;
  std::string pieces_;
  std::string output_;
  std::string text_;
  bool is_complete_ = false;
  bool frees_writer_ = false;
};

std::unique_ptr<tls_session> session_to(const tls_options& with,
                                        const std::string& host = "localhost") {
  auto context = make_tls_context(with);
  if (!context) throw std::runtime_error{context.error().text};
  static std::vector<std::shared_ptr<tls_context>> kept;  // a context outlives its sessions
  kept.push_back(*context);
  return (*context)->begin(host);
}

/// Completes the handshake. The server's output after it (its tickets) is left to the caller.
void connect(memory_client& client, memory_server& server, std::size_t slice = SIZE_MAX) {
  ASSERT_EQ(client.shake(), status::wants_input);
  for (int i = 0; i < 10 && !client.is_complete(); ++i) {
    server.take(client.output());
    server.shake();
    client.take(server.output(), slice);
  }
  ASSERT_TRUE(client.is_complete()) << client.session().why().text;
  server.take(client.output());
  ASSERT_TRUE(server.shake());
}

TEST(tls_session, TheSameIsReadForEverySlicing) {
  test::authority ca{"sliced"};
  const std::string text(3000, 'x');
  for (const std::size_t slice : {1U, 2U, 5U, 6U, 100U, 1000U, 100'000U}) {
    memory_server server{ca};
    memory_client client{session_to({.ca = {.text = ca.certificate()}})};
    connect(client, server, slice);
    server.write(text);
    server.write("end");
    EXPECT_EQ(client.take(server.output(), slice), status::wants_input);
    EXPECT_EQ(client.text(), text + "end") << slice;
    EXPECT_EQ(client.write("request").bytes, 7U);
    server.take(client.output());
    EXPECT_EQ(server.read(), "request");
    server.say_farewell();
    EXPECT_EQ(client.take(server.output(), slice), status::closed) << slice;
  }
}

TEST(tls_session, AHostMayEndWithADotAndAnAddressIsNoName) {
  test::authority ca{"names"};
  for (const char* host : {"localhost", "localhost.", "LOCALHOST", "127.0.0.1"}) {
    memory_server server{ca};
    memory_client client{session_to({.ca = {.text = ca.certificate()}}, host)};
    connect(client, server);
  }
  for (const char* host : {"other", "localhost.example", "127.0.0.2", "::1", "ocalhost"}) {
    memory_server server{ca};
    memory_client client{session_to({.ca = {.text = ca.certificate()}}, host)};
    client.shake();
    server.take(client.output());
    server.shake();
    EXPECT_EQ(client.take(server.output()), status::failed);
    EXPECT_NE(client.session().why().text.find(std::string{"not for "} + host), std::string::npos)
        << client.session().why().text;
    EXPECT_NE(client.output(), "");  // the server is told
  }
}

// Sentinels name servers that the URL does not name, each with a certificate of its own.
TEST(tls_session, OneContextVerifiesTheHostOfEachConnection) {
  test::authority ca{"hosts"};
  memory_server first{ca, false, {.names = {"DNS:first.example"}}};
  memory_server second{ca, false, {.names = {"DNS:second.example"}}};
  const auto context = *make_tls_context({.ca = {.text = ca.certificate()}});
  // A ticket is for the host that gave it: the first connection to the second host uses none.
  for (const bool is_resumed : {false, true}) {
    memory_client to_first{context->begin("first.example")};
    connect(to_first, first);
    EXPECT_EQ(to_first.session().is_resumed(), is_resumed);
    to_first.take(first.output());
    first.accept();
    memory_client to_second{context->begin("second.example.")};
    connect(to_second, second);
    EXPECT_EQ(to_second.session().is_resumed(), is_resumed);
    to_second.take(second.output());
    second.accept();
  }
  memory_client to_other{context->begin("second.example")};
  EXPECT_EQ(to_other.shake(), status::wants_input);
  first.take(to_other.output());
  first.shake();
  EXPECT_EQ(to_other.take(first.output()), status::failed);
  EXPECT_NE(to_other.session().why().text.find("not for second.example"), std::string::npos)
      << to_other.session().why().text;
  EXPECT_THROW(static_cast<void>(context->begin("")), std::invalid_argument);
}

TEST(tls_session, LongTextsLeaveInPieces) {
  test::authority ca{"long"};
  memory_server server{ca};
  memory_client client{session_to({.ca = {.text = ca.certificate()}})};
  connect(client, server);
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i);
  std::string got;
  for (std::string_view left = text; !left.empty();) {
    const auto step = client.write(left);
    ASSERT_EQ(step.is, status::moved);
    left.remove_prefix(step.bytes);
    server.take(client.output());
    got += server.read();
  }
  EXPECT_EQ(got, text);
}

// A ticket in two records: after the first one, OpenSSL writes nothing before it has the second.
TEST(tls_session, AWriterWaitsForTheRestOfAMessageAndIsToldWhenItMayGoOn) {
  test::authority ca{"halved"};
  memory_server server{ca, true};
  // The ticket holds the client's certificate, and so it is longer than a record of this server.
  const auto own = ca.issue({.names = std::vector<std::string>(50, "DNS:a.long.name.example")});
  memory_client client{session_to({.ca = {.text = ca.certificate()},
                                   .certificate = {.text = own.certificate},
                                   .key = {.text = own.key}})};
  connect(client, server);
  const std::string tickets = server.output();
  const std::size_t first = 5 + 256U * static_cast<unsigned char>(tickets.at(3)) +
                            static_cast<unsigned char>(tickets.at(4));
  ASSERT_LT(first, tickets.size());
  EXPECT_EQ(client.take(std::string_view{tickets}.substr(0, first)), status::wants_input);
  EXPECT_EQ(client.write("request").is, status::wants_input);
  EXPECT_TRUE(client.session().writer_wants_input());
  EXPECT_FALSE(client.frees_writer());
  EXPECT_EQ(client.take(std::string_view{tickets}.substr(first)), status::wants_input);
  EXPECT_TRUE(client.frees_writer());
  EXPECT_FALSE(client.session().writer_wants_input());
  EXPECT_EQ(client.write("request").bytes, 7U);
  server.take(client.output());
  EXPECT_EQ(server.read(), "request");
}

TEST(tls_session, NewKeysAreAnsweredWithTheNextRequest) {
  test::authority ca{"keys"};
  memory_server server{ca};
  memory_client client{session_to({.ca = {.text = ca.certificate()}})};
  connect(client, server);
  for (int i = 0; i < 50; ++i) {
    server.change_keys();
    server.write("reply" + std::to_string(i));
    EXPECT_EQ(client.take(server.output()), status::wants_input);
    EXPECT_EQ(client.output(), "");
    EXPECT_EQ(client.write("request").bytes, 7U);
    server.take(client.output());
    EXPECT_EQ(server.read(), "request");
  }
}

// Each of them is answered, and nothing is written. The memory for the answers is limited.
TEST(tls_session, EndlessMessagesWithoutDataEndTheConnection) {
  test::authority ca{"endless"};
  memory_server server{ca};
  memory_client client{session_to({.ca = {.text = ca.certificate()}})};
  connect(client, server);
  auto last = status::wants_input;
  for (int i = 0; i < 100'000 && last == status::wants_input; ++i) {
    server.change_keys();
    last = client.take(server.output());
  }
  EXPECT_EQ(last, status::failed);
  EXPECT_FALSE(client.session().why().text.empty());
  EXPECT_EQ(client.write("request").is, status::failed);
}

TEST(tls_session, DamagedBytesAndAnEndWithoutAFarewellFail) {
  test::authority ca{"damaged"};
  for (const bool is_damaged : {true, false}) {
    memory_server server{ca};
    memory_client client{session_to({.ca = {.text = ca.certificate()}})};
    connect(client, server);
    client.take(server.output());
    server.write("reply");
    std::string bytes = server.output();
    if (is_damaged) {
      bytes.back() = static_cast<char>(bytes.back() ^ 1);
      EXPECT_EQ(client.take(bytes), status::failed);
    } else {
      EXPECT_EQ(client.take(std::string_view{bytes}.substr(0, 7)), status::wants_input);
      client.session().feed_end();
      EXPECT_EQ(client.read_all(), status::failed);
      EXPECT_NE(client.session().why().text.find("close_notify"), std::string::npos);
    }
    EXPECT_EQ(client.text(), "");
  }
}

TEST(tls_session, ErrorsOfTheApplicationDisturbNothingAndNoneIsAdded) {
  test::authority ca{"errors"};
  memory_server server{ca};
  memory_client client{session_to({.ca = {.text = ca.certificate()}})};
  connect(client, server);
  ERR_clear_error();
  ERR_raise(ERR_LIB_USER, 77);
  const unsigned long mine = ERR_peek_error();
  server.write("reply");
  EXPECT_EQ(client.take(server.output()), status::wants_input);
  EXPECT_EQ(client.text(), "reply");
  EXPECT_EQ(client.write("request").bytes, 7U);
  client.session().feed_end();
  EXPECT_EQ(client.read_all(), status::failed);
  unsigned long left = ERR_get_error();
  if (left == mine) left = ERR_get_error();  // OpenSSL may have dropped it
  EXPECT_EQ(left, 0UL);
}

// The two threads of a connection use one session.
TEST(threads_tls_session, AWriterAndAReaderDoNotDisturbEachOther) {
  test::authority ca{"threads"};
  memory_server server{ca};
  memory_client client{session_to({.ca = {.text = ca.certificate()}})};
  connect(client, server);
  client.take(server.output());
  std::string replies;
  for (int i = 0; i < 300; ++i) {
    server.write(std::string(1000, 'r'));
    if (i % 10 == 0) server.change_keys();
  }
  replies = server.output();
  std::string requests;
  std::jthread writer{[&] {
    for (int i = 0; i < 300; ++i) {
      std::string sealed;
      ASSERT_EQ(client.session().seal(std::string(1000, 'q'), sealed).bytes, 1000U);
      requests += sealed;
    }
  }};
  client.take(replies, 700);
  writer.join();
  EXPECT_EQ(client.text(), std::string(300'000, 'r'));
  server.take(requests);
  EXPECT_EQ(server.read(), std::string(300'000, 'q'));
}

}  // namespace
}  // namespace drover::connection::tls_session_test
