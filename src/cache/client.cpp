// SPDX-License-Identifier: MIT
#include <drover/client.hpp>

#include <stdexcept>
#include <utility>

#include "cache/core.hpp"
#include "store/redis_store.hpp"

namespace drover {

namespace {

void require(bool holds, const char* complaint) {
  if (!holds) throw std::invalid_argument{std::string{"drover: client_options."} + complaint};
}

connection::endpoint checked(const client_options& options) {
  require(options.connect_max.count() > 0, "connect_max must be positive");
  require(options.silence_max.count() > 0, "silence_max must be positive");
  require(options.waiters_max > 0, "waiters_max must be positive");
  require(options.flights_max > 0, "flights_max must be positive");
  require(options.background_threads > 0 && options.background_threads <= 256,
          "background_threads must be 1 to 256");
  require(options.reply_max >= 4096, "reply_max must be at least 4096 bytes");
  require(
      options.value_max + 4096 <= options.reply_max,
      "value_max must be at least 4096 bytes below reply_max, or what is stored cannot be read");
  result<connection::endpoint> at = connection::parse_url(options.url);
  if (!at) throw std::invalid_argument{"drover: client_options.url: " + at.error().text};
  if (at->user.empty()) at->user = options.user;
  if (at->password.empty()) at->password = options.password;
  require(at->user.empty() || !at->password.empty(), "user needs a password");
  return *std::move(at);
}

}  // namespace

client::client(client_options options) {
  connection::endpoint at = checked(options);
  core_ = std::make_shared<detail::core>(std::move(options), std::move(at));
}

client::client(std::string_view url) : client{client_options{.url = std::string{url}}} {}

bool client::is_available() const noexcept { return core_->redis().is_available(); }

}  // namespace drover
