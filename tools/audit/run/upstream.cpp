// SPDX-License-Identifier: MIT
#include "audit/run/upstream.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include "audit/proxy/resolve.hpp"
#include "audit/proxy/server_dialogue.hpp"
#include "audit/topology/cluster_replies.hpp"
#include "text/usage_error.hpp"

namespace drover::audit {
namespace {

using namespace std::chrono_literals;

/// A server that answers nothing is audited like any other.
constexpr auto question_max = 2s;

constexpr const char* start_remedy =
    "; start it, name another server with --upstream, or start a private one with --redis auto";

std::string source_of(const chosen_server& chosen) { return " (" + chosen.source + ")"; }

std::shared_ptr<connection::tls_context> context_for(const tls_options& own) {
  auto made = connection::make_tls_context(own);
  if (!made) throw text::usage_error{with_options_of_command(made.error().text)};
  return *std::move(made);
}

server_access access_to(const address& at, const chosen_server& chosen, const tls_options& own) {
  server_access out;
  out.at = at;
  if (chosen.endpoint.tls) out.tls = context_for(own);
  out.user = chosen.endpoint.user;
  out.password = chosen.endpoint.password;
  return out;
}

bool is_refused(const resp::message& answer) {
  const std::string_view text = answer.root().text();
  return answer.root().is_error() && (text.starts_with("NOAUTH") || text.starts_with("NOPERM"));
}

/// The nodes of a cluster, according to the node at the other end.
class cluster_exploration {
 public:
  cluster_exploration(upstream& into, server_dialogue& dialogue) : into_{into}, node_{dialogue} {}

  void run() {
    const auto own_id = node_.ask({"CLUSTER", "MYID"});
    const auto slots = node_.ask({"CLUSTER", "SLOTS"});
    if (!own_id || !slots) fail((own_id ? slots : own_id).error().text);
    if (slots->root().is_error())
      fail("refuses CLUSTER SLOTS: " + std::string{slots->root().text()});
    const auto summary =
        summary_of_slots(slots->root(), {.proxy_host = {}, .server_host = into_.first.host});
    if (!summary) fail("answers CLUSTER SLOTS in an unknown form");
    if (summary->slots < all_slots) {
      fail("serves only " + std::to_string(summary->slots) + " of " + std::to_string(all_slots) +
           " slots; wait until it has formed, or mend it with redis-cli --cluster fix");
    }
    several_servers all;
    all.nodes.push_back({into_.first, node_kind::data, {}});
    for (const slots_node& node : summary->nodes) add(node, own_id->root().text(), all);
    into_.several = std::move(all);
    into_.kind = upstream_kind::cluster;
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const {
    throw text::usage_error{"the cluster at " + describe(into_.first) + source_of(into_.chosen) +
                            " " + reason};
  }

  static void add(const slots_node& node, std::string_view own_id, several_servers& all) {
    const address at{node.at.host, node.at.port, ""};
    if (!node.id.empty() && node.id == own_id && at.port == all.nodes.front().server.port) {
      all.nodes.front().other_hosts = {node.at.host, node.at.other_host};
    } else if (at != all.nodes.front().server) {
      all.nodes.push_back({at, node_kind::data, {node.at.other_host}});
    }
  }

  upstream& into_;
  server_dialogue& node_;
};

/// Reaches one of the nodes that were named. Throws if none can be used.
server_dialogue reach_one(upstream& into, const tls_options& own) {
  std::string reasons;
  for (const address& seed : into.chosen.seeds) {
    const server_access access = access_to(seed, into.chosen, own);
    auto begun = server_dialogue::begin(access);
    if (begun) {
      into.first = seed;
      into.tls = access.tls;
      return *std::move(begun);
    }
    reasons += (reasons.empty() ? "" : "; ") + begun.error().text;
  }
  throw text::usage_error{"no node of the cluster can be used" + source_of(into.chosen) + ": " +
                          with_options_of_command(reasons) + start_remedy};
}

void explore_cluster(upstream& into, const tls_options& own) {
  server_dialogue node = reach_one(into, own);
  const auto info = node.ask({"CLUSTER", "INFO"});
  if (!info || info->root().is_error()) {
    throw text::usage_error{
        "--upstream: the server at " + describe(into.first) +
        (info ? " is no node of a cluster, or does not say so: " + std::string{info->root().text()}
              : ": " + info.error().text)};
  }
  cluster_exploration{into, node}.run();
}

void explore_server(upstream& into, const tls_options& own,
                    const std::function<void(const std::string& line)>& say) {
  const chosen_server& chosen = into.chosen;
  into.first = chosen.without_credentials();
  if (const auto reached = reach(into.first); !reached) {
    throw text::usage_error{reached.error().text + source_of(chosen) + start_remedy};
  }
  server_access access = access_to(into.first, chosen, own);
  into.tls = access.tls;
  if (!access.tls) access.wait_max = question_max;
  if (into.first.is_unix() && !access.tls) return;
  auto begun = server_dialogue::begin(access);
  if (!begun) {
    if (!access.tls && chosen.endpoint.password.empty()) return;
    throw text::usage_error{with_options_of_command(begun.error().text) + source_of(chosen)};
  }
  const auto info = begun->ask({"CLUSTER", "INFO"});
  if (!info) return;
  if (is_refused(*info)) {
    say("the server does not tell the audit whether it is a node of a cluster; if it is, give the "
        "user and password with --upstream");
    return;
  }
  if (info->root().is_string()) cluster_exploration{into, *begun}.run();
}

// Sentinels.

std::optional<named_node> server_in_list(const resp::view& fields, node_kind kind) {
  named_node out;
  out.kind = kind;
  for (std::size_t i = 0; i + 1 < fields.size(); i += 2) {
    const std::string_view value = fields[i + 1].text();
    if (fields[i].text() == "ip") out.host = value;
    if (fields[i].text() == "port") {
      std::from_chars(value.data(), value.data() + value.size(), out.port);
    }
  }
  if (out.host.empty() || out.port == 0) return std::nullopt;
  return out;
}

void add_server(const std::optional<named_node>& node, several_servers& all) {
  if (!node) return;
  const address at{node->host, node->port, ""};
  const bool is_known = std::ranges::any_of(all.nodes, [&](const known_node& known) {
    return known.kind == node->kind && known.server == at;
  });
  if (!is_known) all.nodes.push_back({at, node->kind, {}});
}

void add_servers(const result<resp::message>& list, node_kind kind, several_servers& all) {
  if (!list || !resp::is_aggregate(list->root().kind())) return;
  for (std::size_t i = 0; i < list->root().size(); ++i) {
    add_server(server_in_list(list->root()[i], kind), all);
  }
}

/// Returns why this sentinel is of no use; empty: it has answered.
std::string ask_sentinel(const address& at, const std::string& service, several_servers& all,
                         bool& is_silent) {
  auto begun = server_dialogue::begin({.at = at, .wait_max = question_max});
  if (!begun) return begun.error().text;
  const auto primary = begun->ask({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", service});
  if (!primary) return primary.error().text;
  const resp::view answer = primary->root();
  is_silent = is_refused(*primary);
  if (is_silent) return {};
  if (answer.is_error()) return describe(at) + " is no sentinel: " + std::string{answer.text()};
  if (answer.is_null()) return describe(at) + " does not know the service '" + service + "'";
  if (answer.size() == 2) {
    named_node node{std::string{answer[0].text()}, 0};
    const std::string_view port = answer[1].text();
    std::from_chars(port.data(), port.data() + port.size(), node.port);
    if (node.port != 0) add_server(node, all);
  }
  add_servers(begun->ask({"SENTINEL", "REPLICAS", service}), node_kind::data, all);
  add_servers(begun->ask({"SENTINEL", "SENTINELS", service}), node_kind::sentinel, all);
  return {};
}

void explore_sentinels(upstream& into, const std::function<void(const std::string& line)>& say) {
  std::string reasons;
  for (const address& seed : into.chosen.seeds) {
    several_servers all;
    all.has_sentinels = true;
    all.nodes.push_back({seed, node_kind::sentinel, {}});
    bool is_silent = false;
    const std::string why = ask_sentinel(seed, into.chosen.endpoint.service, all, is_silent);
    if (!why.empty()) {
      reasons += (reasons.empty() ? "" : "; ") + why;
      continue;
    }
    if (is_silent) {
      say("the sentinels want a password, so the audit gets to know the servers when the "
          "application does");
    }
    for (const address& other : into.chosen.seeds) {
      add_server(named_node{other.host, other.port, node_kind::sentinel}, all);
    }
    into.first = seed;
    into.several = std::move(all);
    into.kind = upstream_kind::sentinels;
    return;
  }
  throw text::usage_error{"no sentinel names a primary of '" + into.chosen.endpoint.service + "'" +
                          source_of(into.chosen) + ": " + reasons +
                          "; correct the addresses or the service of --upstream"};
}

}  // namespace

upstream explore(chosen_server chosen, const tls_options& own,
                 const std::function<void(const std::string& line)>& say) {
  upstream out;
  out.chosen = std::move(chosen);
  const bool is_tls = out.chosen.endpoint.tls;
  if (has_tls_options(own) && !is_tls) {
    throw text::usage_error{
        "--upstream-ca, --upstream-cert, --upstream-key and --upstream-name need a server with "
        "TLS: --upstream rediss://..."};
  }
  switch (out.chosen.kind) {
    case upstream_kind::server: explore_server(out, own, say); break;
    case upstream_kind::cluster: explore_cluster(out, own); break;
    case upstream_kind::sentinels: explore_sentinels(out, say); break;
  }
  return out;
}

std::string upstream::in_words() const {
  if (!several) return describe(first);
  const auto counted = [&](node_kind of, const std::string& noun) {
    const auto count = std::ranges::count(several->nodes, of, &known_node::kind);
    return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
  };
  if (kind == upstream_kind::cluster) {
    return "the cluster at " + describe(first) + " (" + counted(node_kind::data, "node") + ")";
  }
  return "the sentinel at " + describe(first) + " (" + counted(node_kind::sentinel, "sentinel") +
         " and " + counted(node_kind::data, "server") + " of '" + chosen.endpoint.service + "')";
}

bool has_tls_options(const tls_options& own) { return !connection::first_set_option(own).empty(); }

std::string with_options_of_command(std::string text) {
  constexpr std::pair<std::string_view, std::string_view> words[] = {
      {".file: ", ": "},
      {"tls.certificate", "--upstream-cert"},
      {"tls.server_name", "--upstream-name"},
      {"tls.ca", "--upstream-ca"},
      {"tls.key", "--upstream-key"}};
  for (const auto& [name, option] : words) {
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
      text.replace(at, name.size(), option);
    }
  }
  return text;
}

}  // namespace drover::audit
