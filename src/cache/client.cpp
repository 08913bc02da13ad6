// SPDX-License-Identifier: MIT
#include <drover/client.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "cache/core.hpp"
#include "cache/elsewhere.hpp"
#include "entry/envelope.hpp"
#include "store/servers.hpp"

namespace drover {

namespace {

void require(bool holds, const char* complaint) {
  if (!holds) throw std::invalid_argument{std::string{"drover: client_options."} + complaint};
}

std::shared_ptr<connection::tls_context> context_of(const tls_options& with,
                                                    std::string_view prefix) {
  auto made = connection::make_tls_context(with);
  if (!made) {
    throw std::invalid_argument{"drover: client_options." + std::string{prefix} +
                                made.error().text};
  }
  return *std::move(made);
}

// The context of TLS, which has its own copy of the key. Null for a URL without TLS.
std::shared_ptr<connection::tls_context> tls_of(const tls_options& with,
                                                const connection::endpoint& at) {
  if (at.tls) return context_of(with, "");
  const std::string_view idle = connection::first_set_option(with);
  if (idle.empty()) return nullptr;
  throw std::invalid_argument{"drover: client_options." + std::string{idle} +
                              " needs TLS: begin the url with rediss://, rediss+sentinel:// or "
                              "rediss+cluster://"};
}

// That of the sentinels. Null: they speak no TLS.
std::shared_ptr<connection::tls_context> sentinel_tls_of(const client_options& options,
                                                         const detail::server_access& to) {
  const std::optional<tls_options>& own = options.sentinel_tls;
  const bool has_sentinels = !to.at.sentinels.empty();
  require(has_sentinels || !own,
          "sentinel_tls needs a url of rediss+sentinel:// or "
          "redis+sentinel://");
  require(!options.plain_sentinels || (has_sentinels && to.at.tls),
          "plain_sentinels needs a url of rediss+sentinel://");
  require(!options.plain_sentinels || !own,
          "plain_sentinels and sentinel_tls contradict each other: remove one of them");
  const tls_options& servers = options.tls;
  require(!options.plain_sentinels || !servers.verify || !servers.ca.file.empty() ||
              !servers.ca.text.empty() || !servers.server_name.empty(),
          "plain_sentinels needs tls.ca or tls.server_name: otherwise an attacker who replaces a "
          "sentinel can name any server that an authority of the system has certified");
  if (!has_sentinels || options.plain_sentinels) return nullptr;
  return own ? context_of(*own, "sentinel_") : to.tls;
}

// The upper limit of every wait, so that sums of times do not overflow.
constexpr duration longest{std::chrono::hours{24 * 365 * 10}};

// The longest string of Redis. The longest reply that the client reads is one entry and a few
// bytes.
constexpr std::size_t string_max = std::size_t{512} << 20U;
constexpr std::size_t replies_max = 2 * string_max;

detail::server_access checked(client_options& options) {
  require(options.connect_max.count() > 0, "connect_max must be positive");
  require(options.silence_max.count() > 0, "silence_max must be positive");
  require(options.waiters_max > 0, "waiters_max must be positive");
  require(options.flights_max > 0, "flights_max must be positive");
  require(options.background_threads > 0 && options.background_threads <= 256,
          "background_threads must be 1 to 256");
  require(options.deadline_threads_max > 0 && options.deadline_threads_max <= 65'536,
          "deadline_threads_max must be 1 to 65536");
  options.connect_max = std::min(options.connect_max, longest);
  options.silence_max = std::min(options.silence_max, longest);
  require(options.reply_max >= 4096, "reply_max must be at least 4096 bytes");
  options.reply_max = std::min(options.reply_max, replies_max);
  require(options.value_max <= string_max - entry::envelope_size,
          "value_max must be at least 64 bytes below 512 MiB, the longest string of Redis");
  require(
      options.value_max + 4096 <= options.reply_max,
      "value_max must be at least 4096 bytes below reply_max, or what is stored cannot be read");
  result<connection::endpoint> at = connection::parse_url(options.url);
  if (!at) throw std::invalid_argument{"drover: client_options.url: " + at.error().text};
  if (at->user.empty()) at->user = options.user;
  if (at->password.empty()) at->password = options.password;
  require(at->user.empty() || !at->password.empty(), "user needs a password");
  require(
      !options.credentials_source || (at->user.empty() && at->password.empty()),
      "credentials_source replaces user and password: leave them out of the url and the options");
  const bool has_sentinels = !at->sentinels.empty();
  require(has_sentinels || (options.sentinel_user.empty() && options.sentinel_password.empty()),
          "sentinel_user and sentinel_password need a url of redis+sentinel://");
  require(options.sentinel_user.empty() || !options.sentinel_password.empty(),
          "sentinel_user needs sentinel_password");
  detail::server_access out{*std::move(at), nullptr, nullptr};
  out.tls = tls_of(options.tls, out.at);
  out.sentinel_tls = sentinel_tls_of(options, out);
  options.tls = {};  // the contexts have what they need, and a key is not kept twice
  options.sentinel_tls.reset();
  return out;
}

}  // namespace

client::client(client_options options) {
  detail::server_access to = checked(options);
  // A child of `fork` never frees inherited objects, because their locks may be held for ever.
  core_ = std::shared_ptr<detail::core>{new detail::core{std::move(options), std::move(to)},
                                        [](detail::core* held) {
                                          if (!held->is_inherited())
                                            detail::delete_outside_callbacks(held);
                                        }};
}

client::client(std::string_view url) : client{client_options{.url = std::string{url}}} {}

std::string_view to_string(availability state) noexcept {
  switch (state) {
    case availability::unknown: return "unknown";
    case availability::available: return "available";
    case availability::away: return "away";
    case availability::refused: return "refused";
  }
  return "unknown";
}

availability_report client::availability() const {
  if (core_->is_inherited()) {
    return {availability::away, "this process is a fork; make a new client in it"};
  }
  using state = connection::reachability::state;
  connection::reachability known = core_->redis().reached();
  if (known.now == state::available) {
    if (auto refused = core_->redis().refused()) {
      return {availability::refused, *std::move(refused)};
    }
  }
  return {static_cast<drover::availability>(known.now), std::move(known.reason)};
}

void client::credentials_changed() const noexcept {
  if (!core_->is_inherited()) core_->redis().credentials_changed();
}

bool client::is_available() const noexcept {
  if (core_->is_inherited()) return false;
  using state = connection::reachability::state;
  const state now = core_->redis().reached_state();
  return now != state::away && now != state::refused &&
         (now != state::available || !core_->redis().is_any_refused());
}

}  // namespace drover
