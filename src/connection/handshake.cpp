// SPDX-License-Identifier: MIT
#include "connection/handshake.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "resp/writer.hpp"

namespace drover::connection {
namespace {

constexpr std::size_t quoted_max = 120;
constexpr std::size_t secret_piece = 4;

bool begins_with(std::string_view text, std::string_view start) noexcept {
  return text.substr(0, start.size()) == start;
}

bool has_select(const settings& with) noexcept { return with.at.database != 0; }

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool holds(std::string_view text, std::string_view part) noexcept {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

// True when `text` contains `secret`, in upper or lower case, or so long a part of it that the rest
// may have been cut off, escaped or encoded.
bool betrays(std::string_view text, std::string_view secret) noexcept {
  if (secret.empty()) return false;
  const auto piece = std::min(secret.size(), secret_piece);
  for (std::size_t at = 0; at + piece <= secret.size(); ++at) {
    if (holds(text, secret.substr(at, piece))) return true;
  }
  return false;
}

// Servers and proxies repeat unknown commands in their errors. Text that repeats a command with a
// password is dropped entirely, even if it repeats only a part of it.
bool may_repeat_secrets(std::string_view text, const credentials& who) noexcept {
  if (betrays(text, who.password) || betrays(text, who.user)) return true;
  return !who.password.empty() && (holds(text, "auth") || holds(text, "hello"));
}

fault wrong_password() {
  return {fault_code::unsupported, "the server refused user or password (WRONGPASS)"};
}

// The code of an error is its first word. The text after WRONGPASS and NOAUTH is left out, because
// some servers repeat the user in it.
fault refused_hello(std::string_view text, const credentials& who) {
  if (begins_with(text, "WRONGPASS")) return wrong_password();
  if (begins_with(text, "NOAUTH")) {
    return {fault_code::unsupported, "the server wants a password (NOAUTH)"};
  }
  if (begins_with(text, "NOPERM")) {
    return {fault_code::unsupported, "the user may not run HELLO (NOPERM)"};
  }
  if (begins_with(text, "NOPROTO") || text.find("unknown command") != std::string_view::npos) {
    return {fault_code::unsupported, "the server does not speak RESP3: " + required_server()};
  }
  if (begins_with(text, "LOADING"))
    return {fault_code::unreachable, "the server is loading its data"};
  if (holds(text, "auth") || holds(text, "password")) {
    return {fault_code::unsupported, "the server refused AUTH"};
  }
  const auto code = begins_with(text, "DENIED") ? fault_code::unsupported : fault_code::unreachable;
  return {code, "the server refused HELLO: " + quoted(text, who)};
}

std::optional<resp::view> find(resp::view map, std::string_view name) noexcept {
  for (std::size_t i = 0; i + 1 < map.size(); i += 2) {
    const auto key = map[i];
    if (key.is_string() && key.text() == name) return map[i + 1];
  }
  return std::nullopt;
}

std::string text_of(resp::view map, std::string_view name) {
  const auto found = find(map, name);
  return found && found->is_string() ? std::string{found->text()} : std::string{};
}

// The value of the line "name:value\r\n" of INFO.
std::string info_field(const resp::message& info, std::string_view name) {
  if (info.empty() || !info.root().is_string()) return {};
  auto text = info.root().text();
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.size() > name.size() && begins_with(line, name) && line[name.size()] == ':') {
      return std::string{line.substr(name.size() + 1)};
    }
  }
  return {};
}

std::optional<std::int64_t> info_number(const resp::message& info, std::string_view name) {
  const std::string text = info_field(info, name);
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || value < 0) return std::nullopt;
  return value;
}

// INFO reports the uptime in whole seconds. The start is rounded up, so that an entry as old as the
// start counts as older. At worst that costs a load.
void read_server(const resp::message& info, greeting& into) {
  into.run_id = info_field(info, "run_id");
  const auto now_us = info_number(info, "server_time_usec");
  if (!now_us) return;
  into.clock.emplace().server = server_time{milliseconds{*now_us / 1000}};
  const auto uptime_s = info_number(info, "uptime_in_seconds");
  const auto now_s = *now_us / 1'000'000;
  if (!uptime_s || *uptime_s > now_s) return;
  into.started = server_time{std::chrono::seconds{now_s - *uptime_s + 1}};
}

// A server that has loaded nothing has no entry older than its start.
void read_persistence(const resp::message& info, greeting& into) {
  const bool has_loaded_nothing =
      info_number(info, "rdb_last_load_keys_loaded") == 0 && info_number(info, "aof_enabled") == 0;
  if (has_loaded_nothing) into.started.reset();
}

// A version that cannot be parsed is accepted, because proxies and other servers have formats of
// their own.
std::optional<fault> refused_version(std::string_view text, const server_version& version_min) {
  const auto version = parse_version(text);
  if (!version || *version >= version_min) return std::nullopt;
  return fault{fault_code::unsupported, "the server reports version " + describe(*version) +
                                            ", which is too old: " + required_server()};
}

std::optional<fault> read_hello(const resp::message& reply, const settings& with,
                                const credentials& who, greeting& into) {
  const auto hello = reply.root();
  if (hello.is_error()) return refused_hello(hello.text(), who);
  if (hello.kind() != resp::type::map) {
    return fault{fault_code::unsupported,
                 "the reply to HELLO is not a map of RESP3: " + required_server()};
  }
  into.is_in_cluster = text_of(hello, "mode") == "cluster";
  if (into.is_in_cluster && !with.accepts_cluster) {
    return fault{fault_code::unsupported, "a server in cluster mode is not supported here"};
  }
  const auto id = find(hello, "id");
  if (id && id->kind() == resp::type::integer && id->integer() > 0) {
    into.client_id = static_cast<std::uint64_t>(id->integer());
  }
  into.version = text_of(hello, "version");
  into.role = text_of(hello, "role");
  return refused_version(into.version, with.version_min);
}

// While a server loads its data, it answers HELLO, SELECT and INFO, but not PING.
bool is_loading(const resp::message& reply) noexcept {
  return reply.root().is_error() && begins_with(reply.root().text(), "LOADING");
}

std::string_view name_of(const credentials& who) noexcept {
  return who.user.empty() ? std::string_view{"default"} : std::string_view{who.user};
}

}  // namespace

handshake_request write_handshake(const settings& with, const credentials& who) {
  handshake_request out;
  std::vector<std::string_view> hello{"HELLO", "3"};
  if (!who.password.empty()) hello.insert(hello.end(), {"AUTH", name_of(who), who.password});
  if (!with.client_name.empty()) hello.insert(hello.end(), {"SETNAME", with.client_name});
  resp::write_command(out.text, hello);
  if (has_select(with)) {
    resp::write_command(out.text, {"SELECT", std::to_string(with.at.database)});
  }
  resp::write_command(out.text, {"INFO", "server"});
  resp::write_command(out.text, {"INFO", "persistence"});
  resp::write_command(out.text, {"INFO", "replication"});
  resp::write_command(out.text, {"PING"});
  out.text += with.on_connect;
  out.replies = 5 + (has_select(with) ? 1U : 0U) + with.on_connect_replies;
  return out;
}

result<greeting> read_handshake(const settings& with, const credentials& who,
                                std::span<resp::message> replies) {
  greeting out;
  if (auto wrong = read_hello(replies[0], with, who, out)) return *std::move(wrong);
  if (std::any_of(replies.begin(), replies.end(), is_loading)) {
    return fault{fault_code::unreachable, "the server is loading its data"};
  }
  std::size_t next = 1;
  if (has_select(with)) {
    const auto selected = replies[next++].root();
    if (selected.is_error() && out.is_in_cluster) {
      return fault{fault_code::unsupported,
                   "a cluster has database 0 only: leave the database out of the url"};
    }
    if (selected.is_error()) {
      return fault{fault_code::unsupported,
                   "the server refused SELECT: " + quoted(selected.text(), who)};
    }
    if (!selected.is_string()) {
      return fault{fault_code::corrupt, "unexpected reply to SELECT"};
    }
  }
  read_server(replies[next++], out);
  read_persistence(replies[next++], out);
  if (auto role = info_field(replies[next++], "role"); !role.empty()) out.role = std::move(role);
  for (++next; next < replies.size(); ++next) out.on_connect.push_back(std::move(replies[next]));
  return out;
}

std::string write_login(const credentials& who) {
  std::string out;
  resp::write_command(out, {"AUTH", name_of(who), who.password});
  return out;
}

// The text of an error may repeat the user, so only its first word counts.
result<void> read_login(const resp::message& reply) {
  if (!reply.root().is_error()) return {};
  if (begins_with(reply.root().text(), "WRONGPASS")) return wrong_password();
  if (begins_with(reply.root().text(), "NOPERM")) {
    return fault{fault_code::unsupported, "the user may not run AUTH (NOPERM)"};
  }
  return fault{fault_code::unsupported, "the server refused AUTH"};
}

std::string quoted(std::string_view text, const credentials& who) {
  if (may_repeat_secrets(text, who)) return "(left out: it may repeat the password)";
  std::string out;
  for (const char c : text.substr(0, quoted_max)) out += c >= ' ' && c <= '~' ? c : '?';
  if (text.size() > quoted_max) out += "...";
  return out;
}

}  // namespace drover::connection
