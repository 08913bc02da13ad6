// SPDX-License-Identifier: MIT
// C504: clients open a connection for each command.
#include <algorithm>
#include <unordered_map>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c504_text{
    .id = "C504",
    .name = "connection-per-command",
    .usual_severity = severity::warning,
    .summary = "A process opens a connection for each command.",
    .why =
        "Each command waits for a TCP handshake, and perhaps for TLS and AUTH. Under load the "
        "server spends its time on connections, and the client runs out of ports.",
    .left_alone =
        "processes that are started for each request; connections with two or more commands, or "
        "that the server closed; fewer than 50 such connections of one process; runs with injected "
        "faults.",
    .exercised_by = "a process with 50 or more connections",
    .advice = "Keep connections in a pool, or use one connection for the life of the process.",
    .fix =
        "Create the client once, when the process starts, and share it: do not create it in the "
        "function that reads the cache. If the library needs one connection for each thread, use "
        "its pool. In PHP use persistent connections. Add a test that reads 100 keys and counts "
        "`total_connections_received` in INFO.",
    .caching_rules = "12",
};

constexpr std::uint64_t connections_of_process_min = 50;
/// The share of a process's connections that had one command.
constexpr double single_share_min = 0.9;
/// So many connections of one process show how it connects.
constexpr std::uint64_t known_min = 5;
/// Open connections whose commands are counted.
constexpr std::size_t counted_max = 65'536;

class connection_per_command final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c504_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::events | interest::records;
  }

  void on_event(const event& command, const rule_context& context) override {
    const bool has_key =
        std::any_of(command.arguments.begin(), command.arguments.end(),
                    [](const field& argument) { return argument.kind == field_kind::key; });
    if (!has_key) return;
    const auto at = open_.find(command.connection);
    if (at == open_.end() && open_.size() >= counted_max) return;
    usage& used = at == open_.end() ? open_[command.connection] : at->second;
    if (used.commands == 0) {
      const connection_facts* const client = context.connections().find(command.connection);
      if (client != nullptr) used.process = client->process;
      used.first = {command.command, command.sent, command.done, command.arguments};
    }
    ++used.commands;
  }

  void on_record(const record& item, const rule_context& context) override {
    // Reset connections are no choice of the client.
    is_disturbed_ = is_disturbed_ || std::holds_alternative<fault_injected>(item);
    const auto* const closed = std::get_if<connection_closed>(&item);
    const auto at = closed == nullptr ? open_.end() : open_.find(closed->connection);
    if (at == open_.end()) return;
    const usage used = std::move(at->second);
    open_.erase(at);
    if (!closed->by_client) return;
    const auto& processes = context.connections().processes();
    if (used.process < processes.size() && is_placed(processes[used.process])) {
      process_tally& tally = tallies_[used.process];
      ++tally.connections;
      if (used.commands == 1) {
        tally.single.add(0, [&] {
          evidence proof;
          proof.summary =
              "The connection was closed after one command, " + used.first.command + '.';
          proof.from = used.first.sent;
          proof.to = used.first.done;
          const auto key = std::find_if(used.first.arguments.begin(), used.first.arguments.end(),
                                        [](const field& f) { return f.kind == field_kind::key; });
          if (key != used.first.arguments.end()) proof.key = key->text;
          proof.timeline.push_back({used.first.sent, used.first.done, closed->connection,
                                    processes[used.process].label,
                                    used.first.command + ' ' + proof.key});
          return proof;
        });
      }
    }
  }

  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t judged = 0;
    cases all;
    place_unknown(context);
    for (auto& [process, tally] : tallies_) {
      if (tally.connections < connections_of_process_min) continue;
      judged += tally.connections;
      if (!is_single(tally)) continue;
      tally.single.opportunities = tally.connections;
      all.merge(tally.single);
    }
    if (is_disturbed_) judged = all.count = 0;
    if (all.count > 0) {
      finding result;
      result.rule = id();
      result.keys = all.keys();
      result.count = all.count;
      result.opportunities = all.opportunities;
      result.evidence_list = all.kept_evidence();
      result.severity = severity::warning;
      result.confidence = confidence::proof;
      result.message = in_words(all.count) + " of " +
                       counted(all.opportunities, "connection", "connections") +
                       " were closed after one command.";
      out.add_finding(std::move(result));
    }
    out.add_coverage(
        id(), status_of(all.count, judged),
        judged == 0
            ? "no process had 50 connections that ended; " +
                  counted(context.connections().connections_seen(), "connection", "connections") +
                  " in all"
            : counted(judged, "connection", "connections") + " of processes with many, " +
                  in_words(all.count) + " with one command");
  }

 private:
  struct first_command {
    std::string command;
    moment sent{};
    moment done{};
    std::vector<field> arguments;
  };
  struct usage {
    std::uint64_t commands = 0;
    std::uint32_t process = 0;
    first_command first;
  };
  struct process_tally {
    cases single;
    std::uint64_t connections = 0;
  };

  static bool is_placed(const process_facts& process) {
    return process.pid != 0 || process.is_local;
  }

  [[nodiscard]] static bool is_single(const process_tally& tally) {
    return static_cast<double>(tally.single.count) >=
           single_share_min * static_cast<double>(tally.connections);
  }

  /// A connection may end before its process is found. Many without a process belong to the one
  /// process that is known to connect like this. Otherwise they may belong to many processes.
  void place_unknown(const rule_context& context) {
    const auto& processes = context.connections().processes();
    process_tally unknown;
    process_tally* known = nullptr;
    bool are_several = false;
    for (auto& [index, tally] : tallies_) {
      if (processes[index].pid == 0) {
        unknown.connections += tally.connections;
        unknown.single.merge(tally.single);
        tally.connections = 0;
      } else if (is_single(tally)) {
        are_several = known != nullptr;
        known = &tally;
      }
    }
    if (known == nullptr || are_several || known->connections < known_min) return;
    known->connections += unknown.connections;
    known->single.merge(unknown.single);
  }

  std::unordered_map<std::uint64_t, usage> open_;
  std::unordered_map<std::uint32_t, process_tally> tallies_;
  bool is_disturbed_ = false;  ///< the tool injected faults
};

}  // namespace

rule_definition c504() { return {c504_text, {}, make_rule<connection_per_command>}; }

}  // namespace drover::audit
