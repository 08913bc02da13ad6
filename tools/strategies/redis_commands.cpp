// SPDX-License-Identifier: MIT
#include "strategies/redis_commands.hpp"

#include <array>
#include <stdexcept>

#include "connection/url.hpp"
#include "resp/writer.hpp"

namespace drover::simulate {
namespace {

connection::settings settings_for(const std::string& url) {
  result<connection::endpoint> at = connection::parse_url(url);
  if (!at) throw std::runtime_error{at.error().text};
  connection::settings with;
  with.at = *std::move(at);
  with.client_name = "drover-simulate";
  with.connect_max = patience;
  with.silence_max = patience;
  return with;
}

}  // namespace

redis_commands::redis_commands(const std::string& url) : channel_{settings_for(url), {}} {}

std::optional<std::string> redis_commands::get(std::string_view key) {
  const std::array<std::string_view, 2> arguments{"GET", key};
  const resp::message reply = exchange(arguments);
  if (reply.root().is_null()) return std::nullopt;
  return std::string{reply.root().text()};
}

void redis_commands::setex(std::string_view key, std::chrono::seconds ttl, std::string_view value) {
  const std::string seconds = std::to_string(ttl.count());
  const std::array<std::string_view, 4> arguments{"SETEX", key, seconds, value};
  static_cast<void>(exchange(arguments));
}

bool redis_commands::set_nx_px(std::string_view key, std::string_view value,
                               std::chrono::milliseconds ttl) {
  const std::string ms = std::to_string(ttl.count());
  const std::array<std::string_view, 6> arguments{"SET", key, value, "NX", "PX", ms};
  return !exchange(arguments).root().is_null();
}

void redis_commands::del(std::string_view key) {
  const std::array<std::string_view, 2> arguments{"DEL", key};
  static_cast<void>(exchange(arguments));
}

resp::message redis_commands::exchange(std::span<const std::string_view> arguments) {
  std::string request;
  resp::write_command(request, arguments);
  std::array<resp::message, 1> replies;
  const connection::outcome got = channel_.exchange(request, replies);
  if (got.ended != connection::outcome::how::replied) throw std::runtime_error{got.why.text};
  if (replies[0].root().is_error()) {
    throw std::runtime_error{"Redis: " + std::string{replies[0].root().text()}};
  }
  return std::move(replies[0]);
}

}  // namespace drover::simulate
