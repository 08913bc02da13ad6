// SPDX-License-Identifier: MIT
#include "audit/proxy/server_dialogue.hpp"

#include <netinet/in.h>

#include <array>
#include <optional>
#include <utility>

#include "audit/proxy/resolve.hpp"
#include "base/printing.hpp"
#include "connection/channel.hpp"
#include "resp/writer.hpp"

namespace drover::audit {
namespace {

constexpr std::size_t shown_error_max = 200;

std::optional<connection::address> connectable(const resolved_address& at) {
  if (at.is_unix()) return connection::unix_address(at.path);
  const std::size_t size =
      at.tcp.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  return connection::address{at.tcp.ss_family,
                             std::string{reinterpret_cast<const char*>(&at.tcp), size}};
}

}  // namespace

fault server_dialogue::failure(const std::string& reason) const {
  return {fault_code::unreachable, "the server at " + server_name_ + " " + reason};
}

steady_time server_dialogue::limit() const { return connection::now() + wait_max_; }

/// False: the time is over.
bool server_dialogue::wait(connection::readiness interest, steady_time until) const {
  const auto came = connection::wait_for(*wake_, &transport_, interest, until);
  return came.input || came.output || came.hang_up || connection::now() < until;
}

result<server_dialogue> server_dialogue::begin(const server_access& with) {
  server_dialogue out{with};
  if (auto connected = out.connect(with.at); !connected) return connected.error();
  if (with.tls) {
    if (auto secured = out.secure(*with.tls, with.at.host); !secured) return secured.error();
  }
  if (with.password.empty()) return out;
  const auto answer = with.user.empty() ? out.ask({"AUTH", with.password})
                                        : out.ask({"AUTH", with.user, with.password});
  if (!answer) return answer.error();
  if (!answer->root().is_error()) return out;
  return fault{fault_code::unsupported, "the server at " + out.server_name_ +
                                            " refuses the user or password of the URL: " +
                                            base::escape(answer->root().text(), shown_error_max)};
}

result<void> server_dialogue::connect(const address& to) {
  const auto candidates = resolve(to);
  if (!candidates) return candidates.error();
  std::string reason = "has no address";
  for (const resolved_address& candidate : *candidates) {
    const auto where = connectable(candidate);
    if (!where) continue;
    std::error_code error;
    connection::transport next{connection::stream_socket::connecting_to(*where, error)};
    if (next.is_open()) {
      transport_ = std::move(next);
      const bool came = wait({.output = true}, limit());
      error = came ? transport_.connect_error() : std::make_error_code(std::errc::timed_out);
      if (!error) return {};
    }
    reason = "cannot be reached: " + error.message();
  }
  return failure(reason);
}

result<void> server_dialogue::secure(connection::tls_context& with, const std::string& host) {
  using shaken = connection::transport::shaken;
  transport_.protect(with.begin(host));
  const steady_time end = limit();
  for (;;) {
    const shaken state = transport_.shake();
    if (state == shaken::done) return {};
    if (state == shaken::failed) {
      const fault* const why = transport_.why();
      return failure("cannot be used: " +
                     (why == nullptr ? std::string{"the TLS handshake failed"} : why->text));
    }
    const connection::readiness interest{.input = true, .output = transport_.has_unsent()};
    if (!wait(interest, end)) return failure("does not answer in the TLS handshake");
  }
}

result<void> server_dialogue::send(std::string_view bytes) {
  const steady_time end = limit();
  while (!bytes.empty()) {
    const auto sent = transport_.send(bytes);
    if (sent.status == connection::transfer_status::ended) {
      return failure("closed the connection");
    }
    bytes.remove_prefix(sent.bytes);
    if (sent.bytes == 0 && !wait({.output = true}, end)) return failure("does not answer");
  }
  return {};
}

result<resp::message> server_dialogue::ask(std::initializer_list<std::string_view> command) {
  std::string wire;
  resp::write_command(wire, command);
  if (auto sent = send(wire); !sent) return sent.error();
  const steady_time end = limit();
  resp::message reply;
  std::vector<char> buffer(std::size_t{16} << 10U);
  for (;;) {
    const auto step = reader_.read(unread_, reply);
    unread_.erase(0, step.consumed);
    if (step.status == resp::reader::status::complete) return reply;
    if (step.status != resp::reader::status::need_more) {
      return failure("does not speak the Redis protocol");
    }
    const auto got = transport_.receive(buffer);
    if (got.status == connection::transfer_status::ended) {
      const fault* const why = transport_.why();
      return failure(why == nullptr ? std::string{"closed the connection"}
                                    : "cannot be used: " + why->text);
    }
    if (got.status == connection::transfer_status::moved) {
      unread_.assign(buffer.data(), got.bytes);
    } else if (!wait({.input = true}, end)) {
      return failure("does not answer");
    }
  }
}

}  // namespace drover::audit
