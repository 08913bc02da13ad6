// SPDX-License-Identifier: MIT
#include "simulate/redis_access.hpp"

#include <array>
#include <stdexcept>
#include <utility>
#include <vector>

#include "connection/url.hpp"
#include "resp/writer.hpp"

namespace drover::simulate {
namespace {

constexpr std::chrono::milliseconds patience{10'000};  // a busy server is no broken one

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

/// What stands behind `name` in the text of INFO; empty when it does not say.
std::string field_of(std::string_view info, std::string_view name) {
  const std::size_t at = info.find(std::string{name} + ':');
  if (at == std::string_view::npos) return "";
  const std::string_view rest = info.substr(at + name.size() + 1);
  return std::string{rest.substr(0, rest.find_first_of("\r\n"))};
}

}  // namespace

redis_access::redis_access(const std::string& url) : channel_{settings_for(url), {}} {}

std::string redis_access::about() {
  const resp::message reply = exchange({"INFO", "server"});
  const std::string valkey = field_of(reply.root().text(), "valkey_version");
  if (!valkey.empty()) return "Valkey " + valkey;
  return "Redis " + field_of(reply.root().text(), "redis_version");
}

std::uint64_t redis_access::remove_keys_with(std::string_view token) {
  const std::string pattern = "*" + std::string{token} + "*";
  std::uint64_t removed = 0;
  std::string cursor = "0";
  do {
    const resp::message page = exchange({"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"});
    cursor = page.root()[0].text();
    const resp::view keys = page.root()[1];
    for (std::size_t i = 0; i < keys.size(); ++i) {
      removed += static_cast<std::uint64_t>(exchange({"UNLINK", keys[i].text()}).root().integer());
    }
  } while (cursor != "0");
  return removed;
}

resp::message redis_access::exchange(std::initializer_list<std::string_view> arguments) {
  std::string request;
  resp::write_command(request, std::span{arguments.begin(), arguments.size()});
  std::array<resp::message, 1> replies;
  const connection::outcome got = channel_.exchange(request, replies);
  if (got.ended != connection::outcome::how::replied) {
    throw std::runtime_error{"Redis: " + got.why.text};
  }
  if (replies[0].root().is_error()) {
    throw std::runtime_error{"Redis: " + std::string{replies[0].root().text()}};
  }
  return std::move(replies[0]);
}

}  // namespace drover::simulate
