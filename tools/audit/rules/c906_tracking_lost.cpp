// SPDX-License-Identifier: MIT
// C906: a client that kept copies with CLIENT TRACKING goes on without it after a reconnect.
#include <cstddef>
#include <unordered_map>

#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c906_text{
    .id = "C906",
    .name = "tracking-lost",
    .usual_severity = severity::warning,
    .summary = "A client kept copies of values with CLIENT TRACKING, and lost it at a reconnect.",
    .why =
        "The server forgets what a connection tracks when the connection ends. A client that "
        "reconnects without CLIENT TRACKING gets no invalidations any more, so that its copies "
        "stay old until their own end.",
    .left_alone =
        "clients that turn the tracking on again, or off by themselves; processes that end; "
        "connections that only get the messages for others; processes that are unknown.",
    .advice =
        "Turn CLIENT TRACKING on in each new connection, and drop all copies when a connection "
        "ends.",
    .fix =
        "Put CLIENT TRACKING into the code that runs for every new connection, not into the start "
        "of the process. When the connection that gets the invalidations ends, clear the local "
        "copies. Add a test: kill the connection (CLIENT KILL), change a value from another "
        "client; the next read returns the new value.",
    .caching_rules = "11",
};

constexpr std::size_t c906_processes_max = 10'000;
/// So many reads without tracking show that the client goes on as before.
constexpr std::uint64_t c906_reads_min = 5;

class tracking_lost final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c906_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::events | interest::records;
  }

  void on_record(const record& item, const rule_context&) override {
    const auto* const closed = std::get_if<connection_closed>(&item);
    if (closed == nullptr) return;
    const auto at = trackers_.find(closed->connection);
    if (at == trackers_.end()) return;
    client& own = clients_[at->second];
    trackers_.erase(at);
    if (own.tracking > 0) --own.tracking;
    if (own.tracking == 0) own.has_lost = true;
  }

  void on_event(const event& command, const rule_context& context) override {
    const connection_facts* const facts = context.connections().find(command.connection);
    if (facts == nullptr || facts->process == 0) return;
    if (command.command == "CLIENT TRACKING") {
      note_tracking(command, facts->process);
      return;
    }
    const auto at = clients_.find(facts->process);
    if (at == clients_.end() || !at->second.has_lost) return;
    if (command.command != "GET" && command.command != "MGET" && command.command != "HGETALL")
      return;
    ++at->second.reads_without;
  }

  void on_end(const rule_context&, verdicts& out) override {
    std::uint64_t lost = 0;
    std::uint64_t reads = 0;
    for (const auto& [process, own] : clients_) {
      if (own.reads_without < c906_reads_min) continue;
      ++lost;
      reads += own.reads_without;
    }
    if (lost == 0) return;
    finding notice;
    notice.rule = id();
    notice.severity = severity::warning;
    notice.confidence = confidence::strong;
    notice.count = lost;
    notice.message = counted(lost, "process", "processes") +
                     " lost CLIENT TRACKING when the connection ended, and sent " +
                     counted(reads, "read", "reads") + " without it afterwards.";
    out.add_notice(std::move(notice));
  }

 private:
  struct client {
    std::uint64_t tracking = 0;  ///< its connections with tracking
    bool has_lost = false;       ///< the last of them ended, and none has begun since
    std::uint64_t reads_without = 0;
  };

  void note_tracking(const event& command, std::uint32_t process) {
    if (command.answer.kind != reply_kind::status || command.arguments.empty()) return;
    const bool is_on = command.arguments.front().text == "ON";
    if (!is_on) {
      trackers_.erase(command.connection);
      clients_.erase(process);
      return;
    }
    if (clients_.size() >= c906_processes_max && !clients_.contains(process)) return;
    client& own = clients_[process];
    if (trackers_.emplace(command.connection, process).second) ++own.tracking;
    own.has_lost = false;
    own.reads_without = 0;
  }

  std::unordered_map<std::uint64_t, std::uint32_t> trackers_;  // by connection
  std::unordered_map<std::uint32_t, client> clients_;          // by process
};

}  // namespace

rule_definition c906() { return {c906_text, {}, make_rule<tracking_lost>}; }

}  // namespace drover::audit
