// SPDX-License-Identifier: MIT
#include "connection/url.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>

namespace drover::connection {
namespace {

// The size of sun_path of <sys/un.h> without its final zero. That header is not included, because
// this file must not depend on sockets.
constexpr std::size_t unix_path_max = 107;
constexpr std::size_t host_max = 255;
constexpr std::uint16_t sentinel_port = 26379;
constexpr std::uint16_t redis_port = 6379;
constexpr std::size_t hosts_max = 32;

fault refuse(std::string_view why) {
  return fault{fault_code::unsupported, "server address: " + std::string{why}};
}

std::optional<unsigned> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10U;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10U;
  return std::nullopt;
}

// Decodes as in RFC 3986, 2.1. A zero byte is refused, because no host, path or ACL user can
// contain one.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const auto high = hex_digit(text[i + 1]);
      const auto low = hex_digit(text[i + 2]);
      if (!high || !low) return std::nullopt;
      c = static_cast<char>(static_cast<unsigned char>(*high * 16U + *low));
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    out += c;
  }
  return out;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::string_view{"%/?#@"}.find(c) == std::string_view::npos && byte < 0x80U) {
      out += c;
    } else {
      out += {'%', digits[byte >> 4U], digits[byte & 0xFU]};
    }
  }
  return out;
}

template <class Unsigned>
std::optional<Unsigned> number(std::string_view text) noexcept {
  Unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_plain(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20U || byte == 0x7FU;
  });
}

// Reads user[:password]. ":password" means the default user.
std::optional<fault> read_credentials(std::string_view text, endpoint& into) {
  const auto colon = text.find(':');
  const auto user = percent_decoded(text.substr(0, colon));
  const auto password = colon == std::string_view::npos ? std::optional<std::string>{""}
                                                        : percent_decoded(text.substr(colon + 1));
  if (!user || !password) return refuse("a % in user or password needs two hex digits, not 00");
  if (!user->empty() && password->empty()) return refuse("a user needs a password");
  into.user = *user;
  into.password = *password;
  return std::nullopt;
}

std::optional<fault> read_host_and_port(std::string_view text, endpoint& into) {
  std::string_view port;
  bool has_port = false;
  if (!text.empty() && text.front() == '[') {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return refuse("a [ without its ]");
    into.host = text.substr(1, end - 1);
    const auto rest = text.substr(end + 1);
    if (into.host.find(':') == std::string::npos)
      return refuse("only an IPv6 address stands in [ ]");
    if (!rest.empty() && rest.front() != ':') return refuse("only :port may follow the ]");
    has_port = !rest.empty();
    port = has_port ? rest.substr(1) : rest;
  } else {
    const auto colon = text.find(':');
    has_port = colon != std::string_view::npos;
    into.host = text.substr(0, colon);
    port = has_port ? text.substr(colon + 1) : std::string_view{};
    if (port.find(':') != std::string_view::npos) return refuse("an IPv6 address stands in [ ]");
  }
  if (into.host.empty()) return refuse("the host is missing");
  if (into.host.size() > host_max) return refuse("the host is too long");
  if (into.host.find_first_of("[]%/?#@") != std::string::npos || !is_plain(into.host)) {
    return refuse("the host holds a character that none may hold");
  }
  if (!has_port) return std::nullopt;
  const auto value = number<std::uint16_t>(port);
  if (!value || *value == 0) return refuse("the port is not a number from 1 to 65535");
  into.port = *value;
  return std::nullopt;
}

/// A URL behind its scheme.
struct url_parts {
  std::string_view authority;  ///< without the credentials
  std::string_view path;       ///< without the first slash
};

// Reads the credentials into `into`.
result<url_parts> read_parts(std::string_view rest, endpoint& into) {
  const auto slash = rest.find('/');
  auto authority = rest.substr(0, slash);
  const auto path = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    if (authority.substr(0, at).find('@') != std::string_view::npos) {
      return refuse("write an @ in user or password as %40");
    }
    if (auto wrong = read_credentials(authority.substr(0, at), into)) return *std::move(wrong);
    authority = authority.substr(at + 1);
  } else if (path.find('@') != std::string_view::npos) {
    return refuse("write a / in user or password as %2F");
  }
  if (path.find_first_of("?#") != std::string_view::npos) {
    return refuse("options in a URL are not supported; those of TLS are client_options::tls");
  }
  return url_parts{authority, path};
}

std::optional<fault> read_database(std::string_view text, endpoint& into) {
  if (text.empty()) return std::nullopt;
  const auto database = number<std::uint32_t>(text);
  if (!database) return refuse("the database is not a number");
  into.database = *database;
  return std::nullopt;
}

result<endpoint> parse_tcp(std::string_view rest) {
  endpoint out;
  const auto parts = read_parts(rest, out);
  if (!parts) return parts.error();
  if (auto wrong = read_host_and_port(parts->authority, out)) return *std::move(wrong);
  if (auto wrong = read_database(parts->path, out)) return *std::move(wrong);
  return out;
}

// Reads host[:port],...
result<std::vector<host_port>> read_hosts(std::string_view left, std::uint16_t default_port) {
  std::vector<host_port> hosts;
  for (;;) {
    const auto comma = left.find(',');
    endpoint one;
    one.port = default_port;
    if (auto wrong = read_host_and_port(left.substr(0, comma), one)) return *std::move(wrong);
    host_port at{std::move(one.host), one.port};
    if (std::ranges::find(hosts, at) == hosts.end()) {
      if (hosts.size() == hosts_max) return refuse("more than 32 hosts");
      hosts.push_back(std::move(at));
    }
    if (comma == std::string_view::npos) return hosts;
    left.remove_prefix(comma + 1);
  }
}

// redis+sentinel://[user[:password]@]host[:port],.../service[/db]. The credentials are those of the
// server, not of the sentinels.
result<endpoint> parse_sentinels(std::string_view rest) {
  endpoint out;
  const auto parts = read_parts(rest, out);
  if (!parts) return parts.error();
  auto sentinels = read_hosts(parts->authority, sentinel_port);
  if (!sentinels) return sentinels.error();
  out.sentinels = *std::move(sentinels);
  const auto slash = parts->path.find('/');
  const auto service = percent_decoded(parts->path.substr(0, slash));
  if (!service) return refuse("a % in the service needs two hex digits, not 00");
  if (service->empty()) {
    return refuse(
        "the service is missing: redis+sentinel://host:port,host:port/SERVICE, as in "
        "`sentinel monitor SERVICE ...`");
  }
  if (service->size() > host_max || !is_plain(*service)) {
    return refuse("the service holds a character that none may hold, or is too long");
  }
  out.service = *service;
  if (slash == std::string_view::npos) return out;
  if (auto wrong = read_database(parts->path.substr(slash + 1), out)) return *std::move(wrong);
  return out;
}

// redis+cluster://[user[:password]@]host[:port],... and rediss+cluster://.
result<endpoint> parse_cluster(std::string_view rest) {
  endpoint out;
  const auto parts = read_parts(rest, out);
  if (!parts) return parts.error();
  if (!parts->path.empty() && parts->path != "0") {
    return refuse("a cluster has database 0 only: write nothing after the hosts");
  }
  auto seeds = read_hosts(parts->authority, redis_port);
  if (!seeds) return seeds.error();
  out.cluster_seeds = *std::move(seeds);
  return out;
}

result<endpoint> parse_unix(std::string_view rest) {
  endpoint out;
  const auto question = rest.find('?');
  const auto path = percent_decoded(rest.substr(0, question));
  if (!path) return refuse("a % in the path needs two hex digits, not 00");
  if (path->empty() || path->front() != '/') return refuse("a unix socket needs an absolute path");
  if (path->size() > unix_path_max) return refuse("the path of a unix socket is at most 107 bytes");
  out.path = *path;
  if (question == std::string_view::npos) return out;
  const auto option = rest.substr(question + 1);
  if (option.substr(0, 3) != "db=")
    return refuse("the only option of a unix socket is db=<number>");
  const auto database = number<std::uint32_t>(option.substr(3));
  if (!database) return refuse("the database is not a number");
  out.database = *database;
  return out;
}

std::string described_list(const std::vector<host_port>& hosts) {
  std::string text;
  for (const host_port& at : hosts) text += (text.empty() ? "" : ",") + describe(at);
  return text;
}

result<endpoint> with_tls(result<endpoint> at) {
  if (at) at->tls = true;
  return at;
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

result<endpoint> parse_url(std::string_view url) {
  const auto mark = url.find("://");
  if (mark == std::string_view::npos) {
    return refuse("it begins with redis://, rediss:// (TLS) or unix://");
  }
  const auto scheme = lower(url.substr(0, mark));
  const auto rest = url.substr(mark + 3);
  if (scheme == "redis") return parse_tcp(rest);
  if (scheme == "unix") return parse_unix(rest);
  if (scheme == "rediss") return with_tls(parse_tcp(rest));
  if (scheme == "redis+sentinel") return parse_sentinels(rest);
  if (scheme == "rediss+sentinel") return with_tls(parse_sentinels(rest));
  if (scheme.find("sentinel") != std::string::npos) {
    return refuse(
        "write redis+sentinel://host:port,host:port/service, or rediss+sentinel:// for TLS");
  }
  if (scheme == "redis+cluster") return parse_cluster(rest);
  if (scheme == "rediss+cluster") return with_tls(parse_cluster(rest));
  if (scheme.find("cluster") != std::string::npos) {
    return refuse("write redis+cluster://host:port,host:port or rediss+cluster:// (TLS)");
  }
  return refuse(
      "this scheme is not supported; use redis://, rediss://, redis+sentinel://, redis+cluster:// "
      "or unix://");
}

result<endpoint> parse_plain_url(std::string_view url) {
  auto at = parse_url(url);
  if (at && !at->cluster_seeds.empty()) {
    return refuse("this command does not know clusters yet; use redis:// or unix:// for one node");
  }
  if (at && at->tls) {
    return refuse("this command does not speak TLS (rediss://) yet; use redis:// or unix://");
  }
  if (at && !at->sentinels.empty()) {
    return refuse("this command does not ask sentinels yet; use redis:// or unix://");
  }
  return at;
}

std::string describe(const endpoint& at) {
  const auto database = std::to_string(at.database);
  if (!at.sentinels.empty()) {
    return (at.tls ? "rediss+sentinel://" : "redis+sentinel://") + described_list(at.sentinels) +
           '/' + percent_encoded(at.service) + (at.database == 0 ? "" : "/" + database);
  }
  if (!at.cluster_seeds.empty()) {
    return (at.tls ? "rediss+cluster://" : "redis+cluster://") + described_list(at.cluster_seeds);
  }
  if (at.host.empty()) return "unix://" + at.path + (at.database == 0 ? "" : "?db=" + database);
  return std::string{at.tls ? "rediss://" : "redis://"} + describe(host_port{at.host, at.port}) +
         (at.database == 0 ? "" : "/" + database);
}

}  // namespace drover::connection
