// SPDX-License-Identifier: MIT
#include "connection/connector.hpp"

#include <algorithm>
#include <utility>

#include "connection/moments.hpp"
#include "connection/sentinel_discovery.hpp"

namespace drover::connection {
namespace {

constexpr std::size_t input_size = std::size_t{16} << 10U;

// A hint for people: what to check first.
std::string why_not(std::error_code error) {
  const auto is = [&error](std::errc code) { return error == std::make_error_condition(code); };
  if (is(std::errc::connection_refused)) return "the connection was refused";
  if (is(std::errc::no_such_file_or_directory)) return "there is no such socket";
  if (is(std::errc::permission_denied) || is(std::errc::operation_not_permitted)) {
    return "this process may not connect to it (permission denied)";
  }
  if (is(std::errc::too_many_files_open)) return "this process has too many files open";
  if (is(std::errc::too_many_files_open_in_system)) return "this machine has too many files open";
  if (is(std::errc::resource_unavailable_try_again)) {
    return "its queue of connections is full, or no local port is left";
  }
  if (is(std::errc::timed_out)) return "no connection in time";
  return error ? "no connection: " + error.message() : "the path of the socket is too long";
}

// With sentinels, looking up the server means to ask them. They are asked at each attempt, because
// the primary may have changed.
resolver::look_up look_up_of(const settings& with) {
  if (with.at.sentinels.empty()) {
    return [](const std::string& host, std::uint16_t port) {
      return resolved{look_up_addresses(host, port)};
    };
  }
  return [asked = sentinels_of(with)](const std::string&, std::uint16_t) {
    return discover_primary(asked);
  };
}

}  // namespace

// The sentinels get less than the whole time, so that the reasons of each are known before the
// attempt ends.
sentinel_settings sentinels_of(const settings& with) {
  return {.sentinels = with.at.sentinels,
          .service = with.at.service,
          .user = with.sentinel_user,
          .password = with.sentinel_password,
          .answer_max = with.connect_max - with.connect_max / 4,
          .tls = with.sentinel_tls};
}

stream_limits limits_of(const settings& settings) noexcept {
  return {settings.reply_max, settings.queued_bytes_max, settings.slots_max};
}

connector::connector(const settings& settings, const std::shared_ptr<const bell>& wake,
                     resolver::look_up resolve)
    : settings_{settings},
      resolver_{settings.at.host, settings.at.port, wake,
                resolve ? std::move(resolve) : look_up_of(settings)},
      input_(input_size) {
  if (settings.ask_credentials) logins_.emplace(settings.ask_credentials, wake);
}

void connector::begin(steady_time now) noexcept {
  stage_ = stage::resolving;
  deadline_ = after(now, settings_.connect_max);
  address_deadline_ = deadline_;
  left_.clear();
  who_.reset();
  found_.reset();
}

const transport* connector::socket() const noexcept {
  return socket_.is_open() ? &socket_ : nullptr;
}

readiness connector::interest() const noexcept {
  const bool has_output = !output_.empty() || socket_.has_unsent();
  return {stage_ == stage::securing || stage_ == stage::greeting,
          stage_ == stage::connecting || has_output, false};
}

connector::answer connector::step(readiness came, steady_time now) noexcept {
  try {
    return go_on(came, now);
  } catch (const std::system_error&) {
    give_up();
    return fault_of(fault_code::overloaded, "no thread can be started for a connection");
  } catch (...) {
    give_up();
    return fault_of(fault_code::overloaded, "no memory for a connection");
  }
}

connector::answer connector::go_on(readiness came, steady_time now) {
  if (stage_ == stage::resolving) {
    if (auto ended = resolve(now)) return ended;
  }
  if (stage_ == stage::connecting && came.output) {
    error_ = socket_.connect_error();
    if (!error_) return settings_.tls ? begin_securing(now) : begin_greeting(now);
    connect_next(now);
    if (!socket_.is_open()) return refuse(why_not(error_));
  }
  if (stage_ == stage::securing && (came.input || came.output)) {
    if (auto ended = secure(now)) return ended;
  }
  if (stage_ == stage::greeting && came.output && !output_.empty()) {
    if (auto ended = send_greeting()) return ended;
  }
  if (stage_ == stage::greeting && came.input) {
    if (auto ended = receive_greeting()) return ended;
  }
  if (now >= deadline_) {
    if (!who_) {
      return refuse({fault_code::unsupported, "credentials_source has not returned in time"});
    }
    return refuse(stage_ == stage::resolving    ? "the host was not resolved in time"
                  : stage_ == stage::connecting ? "no connection in time"
                  : stage_ == stage::securing   ? "no answer to the TLS handshake in time"
                                                : "no answer to the handshake in time");
  }
  if (stage_ == stage::connecting && now >= address_deadline_) {
    error_ = std::make_error_code(std::errc::timed_out);
    connect_next(now);
    if (!socket_.is_open()) return refuse(why_not(error_));
  }
  return std::nullopt;
}

// The credentials are asked for while the host is resolved.
connector::answer connector::resolve(steady_time now) {
  if (auto ended = find_credentials()) return ended;
  if (!found_) found_ = find_server();
  if (!found_ || !who_) return std::nullopt;
  const bool is_unix = !settings_.at.path.empty();
  if (found_->addresses.empty() && !is_unix) {
    return refuse({found_->is_refused ? fault_code::unsupported : fault_code::unreachable,
                   found_->why.empty() ? "the host is not known" : found_->why});
  }
  left_ = std::move(found_->addresses);
  std::reverse(left_.begin(), left_.end());
  error_.clear();
  connect_next(now);
  if (!socket_.is_open()) return refuse(why_not(error_));
  return std::nullopt;
}

connector::answer connector::find_credentials() {
  if (who_) return std::nullopt;
  if (!logins_) {
    who_ = given_credentials{{.user = settings_.at.user, .password = settings_.at.password}, {}};
    return std::nullopt;
  }
  auto given = logins_->ask();
  if (!given) return std::nullopt;
  if (!*given) return refuse(given->error());
  who_ = std::move(**given);
  return std::nullopt;
}

std::optional<resolved> connector::find_server() {
  if (settings_.at.path.empty()) return resolver_.ask();
  resolved found;
  if (auto only = unix_address(settings_.at.path)) found.addresses.push_back(*std::move(only));
  return found;
}

// Each address gets an equal share of the remaining time, so that an address that does not answer
// does not use it all.
void connector::connect_next(steady_time now) {
  stage_ = stage::connecting;
  socket_ = transport{};
  while (!left_.empty() && !socket_.is_open()) {
    const auto share = between(now, deadline_) / static_cast<std::int64_t>(left_.size());
    address_deadline_ = left_.size() == 1 ? deadline_ : after(now, share);
    where_ = std::move(left_.back());
    left_.pop_back();
    socket_ = transport{stream_socket::connecting_to(where_, error_)};
  }
}

void connector::give_up() noexcept {
  stage_ = stage::idle;
  socket_ = transport{};
  traffic_.reset();
  output_.clear();
  who_.reset();
}

connector::answer connector::refuse(std::string_view why) {
  return refuse(fault{fault_code::unreachable, std::string{why}});
}

connector::answer connector::refuse(fault why) {
  // Sentinels name a server that is not in the URL.
  const std::string primary =
      socket_.is_open() && !where_.host.empty() ? "primary " + where_.host + ": " : std::string{};
  give_up();
  why.text = describe(settings_.at) + ": " + primary + why.text;
  return why;
}

// With too many clients, or in protected mode, some servers answer the first command with an error
// and close.
connector::answer connector::refuse_by_what_came(fault otherwise) {
  if (place_.received > 0 && replies_[0].root().is_error()) {
    return refuse(read_handshake(settings_, who_->login, replies_).error());
  }
  return refuse(std::move(otherwise));
}

fault connector::ended_in_handshake() const {
  const fault* const why = socket_.why();
  if (why != nullptr && (why->code == fault_code::unsupported || stage_ == stage::securing)) {
    return *why;
  }
  std::string text = why != nullptr ? why->text : "the connection ended in the handshake";
  // A server with TLS says nothing to a request without it. With TLS 1.3 a server judges the
  // client's certificate after the client's part of the handshake, and its reason may get lost.
  if (settings_.tls) {
    text += " (the server may want a client certificate, or another one: tls.certificate)";
  } else if (!settings_.at.sentinels.empty()) {
    text += " (if the servers speak TLS, use rediss+sentinel://)";
  } else if (settings_.at.path.empty()) {
    text +=
        " (the server may speak TLS: use rediss://; or a proxy may not know HELLO: RESP3 is "
        "needed)";
  }
  return {fault_code::unreachable, std::move(text)};
}

connector::answer connector::begin_securing(steady_time now) {
  stage_ = stage::securing;
  address_deadline_ = deadline_;
  socket_.protect(settings_.tls->begin(where_.host.empty() ? settings_.at.host : where_.host));
  return secure(now);
}

connector::answer connector::secure(steady_time now) {
  switch (socket_.shake()) {
    case transport::shaken::not_yet: return std::nullopt;
    case transport::shaken::failed: return refuse(ended_in_handshake());
    case transport::shaken::done: break;
  }
  return begin_greeting(now);
}

connector::answer connector::begin_greeting(steady_time now) {
  stage_ = stage::greeting;
  address_deadline_ = deadline_;
  greeted_at_ = now;
  auto request = write_handshake(settings_, who_->login);
  auto limits = limits_of(settings_);
  limits.queued_bytes_max = std::max(limits.queued_bytes_max, request.text.size());
  limits.slots_max = std::max(limits.slots_max, request.replies);
  traffic_ = std::make_unique<stream>(limits);
  replies_.assign(request.replies, {});
  place_.replies = replies_;
  place_.blocks = true;
  place_.at = slot::stage::apart;
  if (!traffic_->append(request.text, place_)) return refuse("the handshake is too long");
  output_.clear();
  traffic_->take_output(output_);
  return send_greeting();
}

connector::answer connector::send_greeting() {
  while (!output_.empty()) {
    const auto sent = socket_.send(output_);
    if (sent.status == transfer_status::would_block) return std::nullopt;
    if (sent.status == transfer_status::ended) {
      // What the server said before it closed may still be there.
      output_.clear();
      if (auto ended = receive_greeting()) return ended;
      return refuse_by_what_came(ended_in_handshake());
    }
    output_.erase(0, sent.bytes);
    traffic_->wrote(sent.bytes);
  }
  return std::nullopt;
}

connector::answer connector::receive_greeting() {
  arrivals came;
  const auto received = socket_.receive(input_);
  if (received.status == transfer_status::would_block) return std::nullopt;
  if (received.status == transfer_status::ended) {
    return refuse_by_what_came(ended_in_handshake());
  }
  if (!traffic_->take_in({input_.data(), received.bytes}, came)) {
    // An alert of TLS: the server has taken the request for a damaged handshake.
    if (!settings_.tls && input_[0] == '\x15' && received.bytes > 1 && input_[1] == '\x03') {
      return refuse(
          {fault_code::unsupported, settings_.at.sentinels.empty()
                                        ? "the server speaks TLS at this port; use rediss://"
                                        : "the server speaks TLS; use rediss+sentinel://"});
    }
    return refuse_by_what_came(
        {fault_code::unsupported, "the reply to the handshake is not RESP3: " + required_server()});
  }
  if (place_.at != slot::stage::ended) return std::nullopt;
  return finish(came);
}

connector::answer connector::finish(arrivals& came) {
  if (place_.too_long) return refuse("a reply to the handshake is too long");
  auto hello = read_handshake(settings_, who_->login, replies_);
  if (!hello) return refuse(hello.error());
  if (!settings_.at.sentinels.empty() && hello->role != "master") return leave_replica();
  if (hello->clock) {
    hello->clock->sent = greeted_at_;
    hello->clock->received = now();
  }
  socket_.begin_traffic(settings_.silence_max);
  connected out{{}, *std::exchange(who_, std::nullopt), std::move(where_), {}, *std::move(hello),
                {}};
  for (auto& push : came.pushes) out.pushes.push_back(std::move(push.message));
  out.socket = std::exchange(socket_, {});
  out.traffic = std::move(traffic_);
  stage_ = stage::idle;
  return out;
}

// A sentinel that lags behind names the former primary.
connector::answer connector::leave_replica() {
  traffic_.reset();
  output_.clear();
  connect_next(now());
  if (!socket_.is_open()) return refuse("the sentinels name a server that is a replica");
  return std::nullopt;
}

}  // namespace drover::connection
