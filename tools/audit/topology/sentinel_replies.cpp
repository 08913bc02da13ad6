// SPDX-License-Identifier: MIT
#include "audit/topology/sentinel_replies.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <vector>

namespace drover::audit {
namespace {

std::optional<std::uint16_t> port_text(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || port == 0) {
    return std::nullopt;
  }
  return port;
}

std::optional<std::uint16_t> proxied_port(std::string_view host, std::string_view port,
                                          node_kind kind, node_directory& nodes) {
  const auto number = port_text(port);
  if (!number || host.empty() || host == "?") return std::nullopt;
  return nodes.port_for({std::string{host}, *number, kind});
}

std::string_view value_of(const resp::view& fields, std::string_view name) {
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    if (fields[i].text() == name) return fields[i + 1].text();
  }
  return {};
}

bool is_server(const resp::view& value) {
  return resp::is_aggregate(value.kind()) && value.size() >= 2 && value.size() % 2 == 0 &&
         value[0].is_string();
}

void write_server(const resp::view& fields, node_kind kind, const address_view& seen,
                  node_directory& nodes, reply_writer& out) {
  const std::string_view ip = value_of(fields, "ip");
  const std::string_view port = value_of(fields, "port");
  const auto own = proxied_port(ip, port, kind, nodes);
  const auto primary = proxied_port(value_of(fields, "master-host"),
                                    value_of(fields, "master-port"), node_kind::data, nodes);
  const std::string address = std::string{ip} + ':' + std::string{port};
  out.write_header(fields);
  for (std::size_t i = 0; i < fields.size(); i += 2) {
    const std::string_view name = fields[i].text();
    const resp::view value = fields[i + 1];
    out.write(fields[i]);
    if (own && name == "ip") {
      out.write_text(value, seen.proxy_host);
    } else if (own && name == "port") {
      out.write_number(value, *own);
    } else if (own && name == "name" && value.text() == address) {
      out.write_text(value, seen.proxy_host + ':' + std::to_string(*own));
    } else if (primary && name == "master-host") {
      out.write_text(value, seen.proxy_host);
    } else if (primary && name == "master-port") {
      out.write_number(value, *primary);
    } else {
      out.write(value);
    }
  }
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

}  // namespace

void write_proxied_primary(const resp::view& reply, const address_view& seen, node_directory& nodes,
                           reply_writer& out) {
  const bool is_address = reply.kind() == resp::type::array && reply.size() == 2;
  const auto port = is_address
                        ? proxied_port(reply[0].text(), reply[1].text(), node_kind::data, nodes)
                        : std::nullopt;
  if (!port) return out.write(reply);
  out.write_header(reply);
  out.write_text(reply[0], seen.proxy_host);
  out.write_number(reply[1], *port);
}

void write_proxied_servers(const resp::view& reply, node_kind kind, const address_view& seen,
                           node_directory& nodes, reply_writer& out) {
  if (is_server(reply)) return write_server(reply, kind, seen, nodes, out);
  if (!resp::is_aggregate(reply.kind())) return out.write(reply);
  out.write_header(reply);
  for (std::size_t i = 0; i < reply.size(); ++i) {
    if (is_server(reply[i])) {
      write_server(reply[i], kind, seen, nodes, out);
    } else {
      out.write(reply[i]);
    }
  }
}

std::optional<std::string> proxied_event(std::string_view channel, std::string_view payload,
                                         const address_view& seen, node_directory& nodes) {
  std::vector<std::string> words = words_of(payload);
  const auto replace = [&](std::size_t host, node_kind kind) {
    const auto port = proxied_port(words[host], words[host + 1], kind, nodes);
    if (!port) return false;
    words[host] = seen.proxy_host;
    words[host + 1] = std::to_string(*port);
    return true;
  };
  bool is_changed = false;
  if (channel == "+switch-master" && words.size() == 5) {
    is_changed = replace(1, node_kind::data);
    is_changed = replace(3, node_kind::data) || is_changed;
    return is_changed ? std::optional{joined(words)} : std::nullopt;
  }
  // <type> <name> <ip> <port> [@ <service> <ip> <port>]
  if (words.size() != 4 && words.size() != 8) return std::nullopt;
  if (words.size() == 8 && words[4] != "@") return std::nullopt;
  const bool is_sentinel = words[0] == "sentinel";
  if (!is_sentinel && words[0] != "master" && words[0] != "slave") return std::nullopt;
  const std::string address = words[2] + ':' + words[3];
  if (replace(2, is_sentinel ? node_kind::sentinel : node_kind::data)) {
    is_changed = true;
    if (words[1] == address) words[1] = words[2] + ':' + words[3];
  }
  if (words.size() == 8) is_changed = replace(6, node_kind::data) || is_changed;
  return is_changed ? std::optional{joined(words)} : std::nullopt;
}

void write_proxied_message(const resp::view& message, const address_view& seen,
                           node_directory& nodes, reply_writer& out) {
  const bool is_list = message.kind() == resp::type::array || message.kind() == resp::type::push;
  const bool has_pattern = is_list && message.size() == 4 && message[0].text() == "pmessage";
  const bool is_message =
      has_pattern || (is_list && message.size() == 3 && message[0].text() == "message");
  if (!is_message) return out.write(message);
  const std::size_t last = message.size() - 1;
  const auto changed = proxied_event(message[last - 1].text(), message[last].text(), seen, nodes);
  if (!changed) return out.write(message);
  out.write_header(message);
  for (std::size_t i = 0; i < last; ++i) out.write(message[i]);
  out.write_text(message[last], *changed);
}

}  // namespace drover::audit
