// SPDX-License-Identifier: MIT
// C903: part of the traffic was forwarded without being read.
#include <map>
#include <set>

#include "audit/rules/evidence_text.hpp"
#include "audit/rules/notices.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c903_text{
    .id = "C903",
    .name = "events-lost",
    .usual_severity = severity::info,
    .severity_note =
        "warning if more than 1 % of the traffic was not seen; the run is then inconclusive",
    .summary = "Part of the traffic was forwarded without being read.",
    .why =
        "Rules judge only what they see. The unread traffic may contain a fault, or a command that "
        "explains one. Traffic is unread if the tool could not keep up, or if a connection could "
        "not be decoded.",
    .advice = "Lower the load, give the tool its own processor, or audit one instance.",
    .fix =
        "Run the audit again with less traffic or on a less busy machine. Connections that could "
        "not be decoded are listed with the reason.",
};

constexpr std::size_t reasons_max = 8;
constexpr std::size_t connections_max = 10'000;
/// The run is inconclusive if a larger share of the traffic was not seen.
constexpr double blind_share_max = 0.01;

class events_lost final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c903_text.id; }
  [[nodiscard]] interest::bits wants() const override { return interest::records; }

  void on_record(const record& record, const rule_context& /*context*/) override {
    const auto* const lost = std::get_if<sight_lost>(&record);
    if (lost == nullptr) return;
    ++times_;
    bytes_ += lost->bytes;
    events_ += lost->events;
    if (lost->connection != 0 && connections_.size() < connections_max) {
      connections_.insert(lost->connection);
    }
    if (reasons_.size() < reasons_max || reasons_.contains(lost->why)) ++reasons_[lost->why];
  }

  void on_end(const rule_context& /*context*/, verdicts& out) override {
    if (times_ == 0) return;
    std::string why;
    for (const auto& [reason, times] : reasons_) {
      why += (why.empty() ? "" : "; ") + reason +
             (times > 1 ? " (" + counted(times, "time", "times") + ")" : "");
    }
    finding notice;
    notice.rule = id();
    notice.severity = severity::info;
    notice.confidence = confidence::proof;
    notice.count = times_;
    notice.message = counted(events_, "command was", "commands were") + " not judged and " +
                     bytes_in_words(bytes_) + " forwarded without being read, on " +
                     counted(connections_.size(), "connection", "connections") + ": " + why + '.';
    out.add_notice(std::move(notice));
  }

 private:
  std::map<std::string, std::uint64_t> reasons_;
  std::set<std::uint64_t> connections_;
  std::uint64_t times_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace

void raise_events_lost(audit_result& result) {
  if (result.run.blind_share <= blind_share_max) return;
  for (finding& notice : result.notices) {
    if (notice.rule == c903_text.id) notice.severity = severity::warning;
  }
}

rule_definition c903() { return {c903_text, {}, make_rule<events_lost>}; }

}  // namespace drover::audit
