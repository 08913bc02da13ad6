// SPDX-License-Identifier: MIT
#include "support/cluster_view.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <stdexcept>

namespace drover::test {
namespace {

std::uint32_t number_of(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) {
    throw std::runtime_error{"no number in CLUSTER NODES: " + std::string{text}};
  }
  return number;
}

// "127.0.0.1:7000@17000" or "127.0.0.1:7000@17000,hostname". The port is 0 with TLS alone.
std::uint16_t port_in(std::string_view address) {
  address = address.substr(0, address.find('@'));
  return static_cast<std::uint16_t>(number_of(address.substr(address.rfind(':') + 1)));
}

bool has_word(const std::string& list, const char* word) {
  return ("," + list + ",").find("," + std::string{word} + ",") != std::string::npos;
}

// "5", "5-10", or "[5->-id]" for a slot that moves.
void read_slots(cluster_view& into, const std::string& id, std::string_view range) {
  if (range.starts_with('[')) return;
  const auto dash = range.find('-');
  const std::size_t first = number_of(range.substr(0, dash));
  const std::size_t last =
      dash == std::string_view::npos ? first : number_of(range.substr(dash + 1));
  if (first > last || last >= cluster_slots) throw std::runtime_error{"no slots: " + id};
  for (std::size_t slot = first; slot <= last; ++slot) into.owners[slot] = id;
}

}  // namespace

const seen_node& cluster_view::at_port(std::uint16_t port) const {
  const auto found = std::ranges::find(nodes, port, &seen_node::port);
  if (found == nodes.end()) throw std::runtime_error{"no node at port " + std::to_string(port)};
  return *found;
}

const seen_node* cluster_view::owner_of(std::uint16_t slot) const {
  const std::string& id = owners.at(slot);
  const auto found = std::ranges::find(nodes, id, &seen_node::id);
  return id.empty() || found == nodes.end() ? nullptr : &*found;
}

cluster_view read_cluster_nodes(std::string_view text) {
  cluster_view view;
  std::istringstream lines{std::string{text}};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words{line};
    std::string address, flags, primary, pinged, ponged, epoch, link;
    seen_node node;
    words >> node.id >> address >> flags >> primary >> pinged >> ponged >> epoch >> link;
    if (!words) throw std::runtime_error{"no node: " + line};
    node.port = port_in(address);
    node.is_primary = has_word(flags, "master") || has_word(flags, "primary");
    node.has_failed = has_word(flags, "fail");
    node.is_doubtful =
        has_word(flags, "fail?") || has_word(flags, "handshake") || has_word(flags, "noaddr");
    node.is_itself = has_word(flags, "myself");
    node.is_connected = node.is_itself || link == "connected";
    if (primary != "-") node.primary_id = primary;
    for (std::string range; words >> range;) read_slots(view, node.id, range);
    view.nodes.push_back(node);
  }
  return view;
}

}  // namespace drover::test
