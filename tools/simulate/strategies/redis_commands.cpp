// SPDX-License-Identifier: MIT
#include "simulate/strategies/redis_commands.hpp"

#include <array>
#include <charconv>
#include <vector>

#include "connection/url.hpp"
#include "resp/writer.hpp"

namespace drover::simulate {
namespace {

// Most clients try to connect at every call. A connection that all threads share can try less
// often, but it must detect soon that Redis is back.
constexpr milliseconds back_off_min{20};
constexpr milliseconds back_off_max{100};

connection::settings settings_for(const std::string& url) {
  result<connection::endpoint> endpoint = connection::parse_plain_url(url);
  if (!endpoint) throw std::runtime_error{endpoint.error().text};
  connection::settings settings;
  settings.at = *std::move(endpoint);
  settings.client_name = "drover-simulate";
  settings.connect_max = patience;
  settings.silence_max = patience;
  settings.back_off_min = back_off_min;
  settings.back_off_max = back_off_max;
  return settings;
}

std::int64_t parse_integer(resp::view reply) {
  const std::string_view text = reply.text();
  std::int64_t number = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{}) {
    throw redis_error{"Redis: the reply is not a number"};
  }
  return number;
}

}  // namespace

redis_commands::redis_commands(const std::string& url) : channel_{settings_for(url), {}} {}

std::optional<std::string> redis_commands::get(std::string_view key) {
  const std::array<std::string_view, 2> arguments{"GET", key};
  const resp::message reply = exchange(arguments);
  if (reply.root().is_null()) return std::nullopt;
  return std::string{reply.root().text()};
}

void redis_commands::set_px(std::string_view key, std::string_view value,
                            std::chrono::milliseconds ttl) {
  const std::string ms = std::to_string(ttl.count());
  const std::array<std::string_view, 5> arguments{"SET", key, value, "PX", ms};
  static_cast<void>(exchange(arguments));
}

bool redis_commands::set_nx_px(std::string_view key, std::string_view value,
                               std::chrono::milliseconds ttl) {
  const std::string ms = std::to_string(ttl.count());
  const std::array<std::string_view, 6> arguments{"SET", key, value, "NX", "PX", ms};
  return !exchange(arguments).root().is_null();
}

void redis_commands::del(std::initializer_list<std::string_view> keys) {
  std::vector<std::string_view> arguments{"DEL"};
  arguments.insert(arguments.end(), keys.begin(), keys.end());
  static_cast<void>(exchange(arguments));
}

std::int64_t redis_commands::eval(std::string_view script, std::string_view key,
                                  std::string_view argument) {
  const std::array<std::string_view, 5> arguments{"EVAL", script, "1", key, argument};
  return exchange(arguments).root().integer();
}

server_time redis_commands::time() {
  const std::array<std::string_view, 1> arguments{"TIME"};
  const resp::message reply = exchange(arguments);
  if (reply.root().size() != 2) throw redis_error{"Redis: the reply is not a time"};
  return server_time{std::chrono::seconds{parse_integer(reply.root()[0])}} +
         std::chrono::duration_cast<milliseconds>(microseconds{parse_integer(reply.root()[1])});
}

resp::message redis_commands::exchange(std::span<const std::string_view> arguments) {
  std::string request;
  resp::write_command(request, arguments);
  std::array<resp::message, 1> replies;
  const connection::outcome outcome = channel_.exchange(request, replies);
  if (outcome.ended != connection::exchange_end::replied) throw redis_error{outcome.why.text};
  if (replies[0].root().is_error()) {
    throw redis_error{"Redis: " + std::string{replies[0].root().text()}};
  }
  return std::move(replies[0]);
}

}  // namespace drover::simulate
