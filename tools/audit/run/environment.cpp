// SPDX-License-Identifier: MIT
#include "audit/run/environment.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace drover::audit {
namespace {

using variables_by_name = std::map<std::string, std::string, std::less<>>;

constexpr std::uint16_t default_port = 6379;

variables_by_name by_name(const environment& variables) {
  variables_by_name values;
  for (const std::string& variable : variables) {
    const std::size_t equals = variable.find('=');
    if (equals != std::string::npos)
      values[variable.substr(0, equals)] = variable.substr(equals + 1);
  }
  return values;
}

std::optional<std::uint16_t> port_in(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

/// Parses "host", "host:port" or "[::1]:port". nullopt for a list of hosts and for other text.
std::optional<address> server_at(std::string_view text) {
  if (text.empty() || text.find_first_of(", /@") != std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view host = text;
  std::string_view port;
  if (host.front() == '[') {
    const std::size_t close = host.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    port = host.substr(close + 1);
    host = host.substr(1, close - 1);
    if (!port.empty() && port.front() != ':') return std::nullopt;
    if (!port.empty()) port.remove_prefix(1);
  } else if (const std::size_t colon = host.find(':'); colon != std::string_view::npos) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  const auto number = port.empty() ? std::optional{default_port} : port_in(port);
  if (!number || host.empty()) return std::nullopt;
  return address{std::string{host}, *number, ""};
}

/// The parts of a URL that are kept when its server is replaced.
struct redis_url {
  address server;
  bool is_tls = false;
  /// The user and password with the @ after them. Empty: the URL has none.
  std::string credentials;
  /// The URL from the first /, ? or # after the server.
  std::string rest;
};

std::optional<redis_url> url_in(std::string_view value) {
  redis_url url;
  std::string_view rest;
  for (const std::string_view scheme : {"redis://", "valkey://", "rediss://", "valkeys://"}) {
    if (!value.starts_with(scheme)) continue;
    url.is_tls = scheme == "rediss://" || scheme == "valkeys://";
    rest = value.substr(scheme.size());
  }
  if (rest.empty()) return std::nullopt;
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  url.rest = rest.substr(end);
  rest = rest.substr(0, end);
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    url.credentials = rest.substr(0, at + 1);
    rest = rest.substr(at + 1);
  }
  const auto server = server_at(rest.empty() ? std::string_view{"localhost"} : rest);
  if (!server) return std::nullopt;
  url.server.host = server->host;
  url.server.port = server->port;
  return url;
}

/// Whether the name is REDIS_ or VALKEY_ and `last_part`, possibly after a prefix: "REDIS_HOST",
/// "SESSION_VALKEY_HOST".
bool is_about_redis(std::string_view name, std::string_view last_part) {
  for (const std::string_view store : {"REDIS_", "VALKEY_"}) {
    const std::size_t begin = name.size() - std::min(name.size(), last_part.size() + store.size());
    const std::string_view end = name.substr(begin);
    if (end.starts_with(store) && end.ends_with(last_part) &&
        end.size() == store.size() + last_part.size() && (begin == 0 || name[begin - 1] == '_')) {
      return true;
    }
  }
  return false;
}

bool is_address_name(std::string_view name) {
  return std::ranges::any_of(std::array{"ADDR", "ADDRESS", "ENDPOINT", "SERVER"},
                             [&](const char* part) { return is_about_redis(name, part); });
}

bool is_socket_name(std::string_view name) {
  return std::ranges::any_of(std::array{"SOCKET", "SOCK", "UNIX_SOCKET", "SOCKET_PATH"},
                             [&](const char* part) { return is_about_redis(name, part); });
}

std::string port_name_of(std::string_view host_name) {
  return std::string{host_name.substr(0, host_name.size() - std::string_view{"HOST"}.size())} +
         "PORT";
}

address server_of_pair(const variables_by_name& all, std::string_view host_name,
                       std::string_view host) {
  address server{std::string{host}, default_port, ""};
  // Some applications put "host:port" into the variable for the host.
  if (const auto whole = server_at(host)) server = *whole;
  const auto port = all.find(port_name_of(host_name));
  if (port != all.end()) server.port = port_in(port->second).value_or(default_port);
  return server;
}

/// The server that a variable names; nullopt if it names none.
std::optional<named_server> server_in(const variables_by_name& all, const std::string& name,
                                      const std::string& value) {
  if (const auto url = url_in(value)) return named_server{name, url->server, url->is_tls};
  if (value.empty()) return std::nullopt;
  if (is_about_redis(name, "HOST")) return named_server{name, server_of_pair(all, name, value)};
  if (is_address_name(name)) {
    if (auto at = server_at(value)) return named_server{name, *std::move(at)};
  }
  constexpr std::string_view scheme = "unix://";
  if (is_socket_name(name) || is_about_redis(name, "URL")) {
    const std::string path = value.starts_with(scheme) ? value.substr(scheme.size()) : value;
    if (path.starts_with('/')) return named_server{name, {"", 0, path.substr(0, path.find('?'))}};
  }
  return std::nullopt;
}

/// The rank of a variable that names a server. The one with the lowest rank names the server to
/// audit.
int rank_of(const std::string& name, const std::string& value) {
  if (name == "REDIS_URL") return 0;
  if (url_in(value)) return 1;
  return name == "REDIS_HOST" ? 2 : 3;
}

std::string url_of(const address& server, const url_form& form, std::string_view credentials,
                   std::string_view rest) {
  if (server.is_unix()) return describe(server);
  return form.scheme + "://" + std::string{credentials} + describe(server) +
         (form.path.empty() ? std::string{rest} : form.path);
}

/// `value` with the proxy in place of its server.
std::string with_proxy(const std::string& name, const std::string& value,
                       const rewriting& replacement) {
  if (const auto url = url_in(value)) {
    return url_of(replacement.proxy, replacement.form,
                  replacement.drops_credentials ? "" : url->credentials, url->rest);
  }
  if (is_about_redis(name, "HOST")) return replacement.proxy.host;
  if (value.starts_with("unix://")) return url_of(replacement.proxy, replacement.form, "", "");
  return replacement.proxy.is_unix() ? replacement.proxy.path : describe(replacement.proxy);
}

}  // namespace

named_server server_named_by(const environment& variables) {
  const variables_by_name all = by_name(variables);
  named_server server;
  int best = 4;
  for (const auto& [name, value] : all) {
    auto named = server_in(all, name, value);
    if (!named || rank_of(name, value) >= best) continue;
    best = rank_of(name, value);
    server = *std::move(named);
  }
  return server;
}

rewritten rewrite(const environment& variables, const rewriting& replacement) {
  const variables_by_name before = by_name(variables);
  variables_by_name after = before;
  rewritten result;
  for (const auto& [name, value] : before) {
    const auto named = server_in(before, name, value);
    if (!named) continue;
    if (replacement.only_server != nullptr && named->server != *replacement.only_server) {
      result.unchanged.push_back(name);
      continue;
    }
    if (replacement.proxy.is_unix() && is_about_redis(name, "HOST")) {
      result.unchanged.push_back(name);  // no host name leads to a socket
      continue;
    }
    after[name] = with_proxy(name, value, replacement);
    if (is_about_redis(name, "HOST")) {
      after[port_name_of(name)] = std::to_string(replacement.proxy.port);
    }
  }
  if (replacement.drops_credentials) {
    std::erase_if(after, [](const auto& variable) {
      return is_about_redis(variable.first, "PASSWORD") ||
             is_about_redis(variable.first, "USERNAME");
    });
  }
  after.try_emplace("REDIS_URL", url_of(replacement.proxy, replacement.form, "", ""));
  if (!replacement.proxy.is_unix()) {
    if (after.try_emplace("REDIS_HOST", replacement.proxy.host).second) {
      after["REDIS_PORT"] = std::to_string(replacement.proxy.port);
    }
  }
  for (const auto& [name, value] : after) {
    result.variables.push_back(name + '=' + value);
    const auto old = before.find(name);
    if (old == before.end() || old->second != value) result.changed.push_back(name);
  }
  return result;
}

std::string fill_placeholders(std::string text, const address& proxy, const url_form& form) {
  const std::pair<std::string_view, std::string> parts[] = {
      {"{}", url_of(proxy, form, "", "")},
      {"{host}", proxy.is_unix() ? proxy.path : proxy.host},
      {"{port}", proxy.is_unix() ? "0" : std::to_string(proxy.port)},
      {"{address}", describe(proxy)}};
  for (const auto& [placeholder, value] : parts) {
    for (std::size_t at = text.find(placeholder); at != std::string::npos;
         at = text.find(placeholder, at + value.size())) {
      text.replace(at, placeholder.size(), value);
    }
  }
  return text;
}

}  // namespace drover::audit
