// SPDX-License-Identifier: MIT
#include "simulate/run/redis_access.hpp"

namespace drover::simulate {
namespace {

/// The value of `name` in the text of INFO, empty if it is missing.
std::string field_of(std::string_view info, std::string_view name) {
  const std::size_t at = info.find(std::string{name} + ':');
  if (at == std::string_view::npos) return "";
  const std::string_view rest = info.substr(at + name.size() + 1);
  return std::string{rest.substr(0, rest.find_first_of("\r\n"))};
}

}  // namespace

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
  return redis_.exchange({arguments.begin(), arguments.size()});
}

}  // namespace drover::simulate
