// SPDX-License-Identifier: MIT
#include "audit/topology/cluster_replies.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <set>
#include <system_error>

namespace drover::audit {
namespace {

std::optional<std::uint16_t> port_number(std::string_view text) noexcept {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || port == 0) {
    return std::nullopt;
  }
  return port;
}

std::optional<std::uint16_t> port_number(const resp::view& value) noexcept {
  if (value.kind() != resp::type::integer) return port_number(value.text());
  if (value.integer() <= 0 || value.integer() > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(value.integer());
}

/// The host of a node; empty: it is not known. `text` is empty for the host of the connection.
std::string host_named(std::string_view text, const address_view& seen) {
  if (text == "?") return {};
  return std::string{text.empty() ? std::string_view{seen.server_host} : text};
}

std::string text_or_none(const resp::view& value) {
  return value.is_string() ? std::string{value.text()} : std::string{};
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

/// The value of a field in a flat list or a map of names and values.
std::optional<resp::view> field_of(const resp::view& fields, std::string_view name) {
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    if (fields[i].text() == name) return fields[i + 1];
  }
  return std::nullopt;
}

// One node of CLUSTER SLOTS: host, port, id, and further names of the host.

std::optional<named_node> node_in_slots(const resp::view& node, const address_view& seen) {
  if (!resp::is_aggregate(node.kind()) || node.size() < 2) return std::nullopt;
  if (!node[0].is_string() && !node[0].is_null()) return std::nullopt;
  const auto port = port_number(node[1]);
  named_node out{host_named(node[0].text(), seen), port.value_or(0)};
  if (!port || out.host.empty()) return std::nullopt;
  if (node.size() > 3 && resp::is_aggregate(node[3].kind())) {
    for (const std::string_view name : {"hostname", "ip"}) {
      if (const auto other = field_of(node[3], name)) out.other_host = text_or_none(*other);
    }
  }
  return out;
}

void write_slots_node(const resp::view& node, const address_view& seen, node_directory& nodes,
                      reply_writer& out) {
  const auto named = node_in_slots(node, seen);
  const auto port = named ? nodes.port_for(*named) : std::nullopt;
  if (!port) return out.write(node);
  out.write_header(node);
  if (node[0].is_null()) {
    out.write_bulk(seen.proxy_host);
  } else {
    out.write_text(node[0], seen.proxy_host);
  }
  out.write_number(node[1], *port);
  for (std::size_t i = 2; i < node.size(); ++i) {
    if (i != 3 || !resp::is_aggregate(node[i].kind())) {
      out.write(node[i]);
      continue;
    }
    out.write_header(node[i]);
    for (std::size_t j = 0; j < node[i].size(); ++j) {
      const bool is_host = j % 2 == 1 && is_one_of(node[i][j - 1].text(), {"ip", "hostname"});
      if (is_host && node[i][j].is_string()) {
        out.write_text(node[i][j], seen.proxy_host);
      } else {
        out.write(node[i][j]);
      }
    }
  }
}

// One node of CLUSTER SHARDS: names and values.

std::optional<named_node> node_in_shards(const resp::view& node, const address_view& seen) {
  const auto plain = field_of(node, "port");
  const auto tls = field_of(node, "tls-port");
  const auto port = seen.server_has_tls && tls ? tls : plain ? plain : tls;
  const auto number = port ? port_number(*port) : std::nullopt;
  if (!number) return std::nullopt;
  const auto text = [&](std::string_view name) {
    const auto value = field_of(node, name);
    return value ? text_or_none(*value) : std::string{};
  };
  std::string endpoint = text("endpoint");
  if (endpoint == "?") endpoint.clear();
  named_node out{endpoint.empty() ? text("ip") : endpoint, *number};
  out.other_host = out.host == text("ip") ? text("hostname") : text("ip");
  out.host = host_named(out.host, seen);
  if (out.host.empty()) return std::nullopt;
  return out;
}

void write_shards_node(const resp::view& node, const address_view& seen, node_directory& nodes,
                       reply_writer& out) {
  const auto named = node_in_shards(node, seen);
  const auto port = named ? nodes.port_for(*named) : std::nullopt;
  if (!port || node.size() % 2 != 0) return out.write(node);
  const bool has_both = field_of(node, "port") && field_of(node, "tls-port");
  out.write_header(node);
  for (std::size_t i = 0; i < node.size(); i += 2) {
    const std::string_view name = node[i].text();
    const bool is_port = is_one_of(name, {"port", "tls-port"});
    if (is_port && !has_both) {
      out.write_text(node[i], seen.client_has_tls ? "tls-port" : "port");
    } else {
      out.write(node[i]);
    }
    const resp::view value = node[i + 1];
    if (is_port) {
      out.write_number(value, *port);
    } else if (is_one_of(name, {"ip", "endpoint", "hostname"}) && !value.text().empty()) {
      out.write_text(value, seen.proxy_host);
    } else if (name == "endpoint" && (value.is_null() || value.is_string())) {
      out.write_bulk(seen.proxy_host);
    } else {
      out.write(value);
    }
  }
}

// One line of CLUSTER NODES: <id> <ip:port@cport[,hostname[,name=value]*]> <flags> ...

std::string proxied_field(std::string_view field, const address_view& seen, node_directory& nodes) {
  const auto comma = std::min(field.find(','), field.size());
  const std::string_view whole = field.substr(0, comma);
  const auto bus = std::min(whole.find('@'), whole.size());
  const auto colon = whole.substr(0, bus).rfind(':');
  if (colon == std::string_view::npos) return std::string{field};
  const auto port = port_number(whole.substr(colon + 1, bus - colon - 1));
  std::string_view rest = field.substr(comma);  // ",hostname,name=value"
  std::string_view hostname;
  if (!rest.empty()) {
    hostname = rest.substr(1, std::min(rest.find(',', 1), rest.size()) - 1);
    rest.remove_prefix(1 + hostname.size());
  }
  named_node node{host_named(whole.substr(0, colon), seen), port.value_or(0)};
  node.other_host = hostname;
  if (!port || node.host.empty()) return std::string{field};
  const auto proxied = nodes.port_for(node);
  if (!proxied) return std::string{field};
  const std::string number = std::to_string(*proxied);
  std::string out = seen.proxy_host + ':' + number + std::string{whole.substr(bus)};
  if (comma < field.size()) out += ',';
  if (!hostname.empty()) out += seen.proxy_host;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, std::min(rest.find(',', 1), rest.size()));
    rest.remove_prefix(part.size());
    const auto equals = part.find('=');
    const bool is_port = equals != std::string_view::npos &&
                         is_one_of(part.substr(1, equals - 1), {"tls-port", "tcp-port"});
    out += is_port ? std::string{part.substr(0, equals + 1)} + number : std::string{part};
  }
  return out;
}

}  // namespace

std::optional<std::string> proxied_redirect(std::string_view error, const address_view& seen,
                                            node_directory& nodes) {
  if (!error.starts_with("MOVED ") && !error.starts_with("ASK ")) return std::nullopt;
  const auto slot_at = error.find(' ') + 1;
  const auto space = error.find(' ', slot_at);
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view rest = error.substr(space + 1);
  const std::string_view at = rest.substr(0, std::min(rest.find(' '), rest.size()));
  const auto colon = at.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = port_number(at.substr(colon + 1));
  const named_node node{host_named(at.substr(0, colon), seen), port.value_or(0)};
  if (!port || node.host.empty()) return std::nullopt;
  const auto proxied = nodes.port_for(node);
  if (!proxied) return std::nullopt;
  return std::string{error.substr(0, space + 1)} + seen.proxy_host + ':' +
         std::to_string(*proxied) + std::string{rest.substr(at.size())};
}

void write_proxied_slots(const resp::view& reply, const address_view& seen, node_directory& nodes,
                         reply_writer& out) {
  if (!resp::is_aggregate(reply.kind())) return out.write(reply);
  out.write_header(reply);
  for (std::size_t i = 0; i < reply.size(); ++i) {
    const resp::view range = reply[i];
    if (!resp::is_aggregate(range.kind())) {
      out.write(range);
      continue;
    }
    out.write_header(range);
    for (std::size_t j = 0; j < range.size(); ++j) {
      if (j < 2) {
        out.write(range[j]);
      } else {
        write_slots_node(range[j], seen, nodes, out);
      }
    }
  }
}

void write_proxied_shards(const resp::view& reply, const address_view& seen, node_directory& nodes,
                          reply_writer& out) {
  if (!resp::is_aggregate(reply.kind())) return out.write(reply);
  out.write_header(reply);
  for (std::size_t i = 0; i < reply.size(); ++i) {
    const resp::view shard = reply[i];
    if (!resp::is_aggregate(shard.kind())) {
      out.write(shard);
      continue;
    }
    out.write_header(shard);
    for (std::size_t j = 0; j < shard.size(); ++j) {
      const resp::view value = shard[j];
      const bool is_nodes = j % 2 == 1 && shard[j - 1].text() == "nodes";
      if (!is_nodes || !resp::is_aggregate(value.kind())) {
        out.write(value);
        continue;
      }
      out.write_header(value);
      for (std::size_t k = 0; k < value.size(); ++k) write_shards_node(value[k], seen, nodes, out);
    }
  }
}

std::string proxied_nodes(std::string_view text, const address_view& seen, node_directory& nodes) {
  std::string out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
    text.remove_prefix(line.size());
    const auto begin = line.find(' ');
    const auto end = begin == std::string_view::npos ? begin : line.find(' ', begin + 1);
    if (end == std::string_view::npos) {
      out += line;
      continue;
    }
    out += line.substr(0, begin + 1);
    out += proxied_field(line.substr(begin + 1, end - begin - 1), seen, nodes);
    out += line.substr(end);
  }
  return out;
}

std::optional<slots_summary> summary_of_slots(const resp::view& reply, const address_view& seen) {
  if (!resp::is_aggregate(reply.kind())) return std::nullopt;
  slots_summary out;
  std::vector<slots_node> replicas;
  std::set<std::string> ids;
  for (std::size_t i = 0; i < reply.size(); ++i) {
    const resp::view range = reply[i];
    if (!resp::is_aggregate(range.kind()) || range.size() < 3) return std::nullopt;
    const std::int64_t from = range[0].integer();
    const std::int64_t to = range[1].integer();
    if (from < 0 || to < from || to >= static_cast<std::int64_t>(all_slots)) return std::nullopt;
    out.slots += static_cast<std::size_t>(to - from + 1);
    for (std::size_t j = 2; j < range.size(); ++j) {
      auto node = node_in_slots(range[j], seen);
      if (!node) continue;
      std::string id = range[j].size() > 2 ? text_or_none(range[j][2]) : std::string{};
      if (!ids.insert(id.empty() ? node->host + ':' + std::to_string(node->port) : id).second) {
        continue;
      }
      (j == 2 ? out.nodes : replicas).push_back({std::move(id), *std::move(node)});
    }
  }
  out.nodes.insert(out.nodes.end(), replicas.begin(), replicas.end());
  return out;
}

}  // namespace drover::audit
