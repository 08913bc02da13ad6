// SPDX-License-Identifier: MIT
// C905: the server refused commands, or is set up so that a cache will be refused.
#include <algorithm>
#include <array>
#include <cstddef>

#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c905_text{
    .id = "C905",
    .name = "server-errors",
    .usual_severity = severity::warning,
    .severity_note = "info for the eviction policy and for a server that is loading or busy",
    .summary = "The server refused commands, or its eviction policy does not suit a cache.",
    .why =
        "With `noeviction`, a full server refuses every store (OOM): nothing new is cached, and "
        "the "
        "origin carries the load. A replica refuses stores (READONLY), and a server that cannot "
        "save refuses them too (MISCONF). With `allkeys-lrm` or `volatile-lrm`, keys that are read "
        "a lot and rarely written are evicted first.",
    .left_alone = "errors that the tool injected.",
    .advice =
        "Give a cache a `maxmemory` and `allkeys-lru` or `allkeys-lfu`, and connect to the primary "
        "server.",
    .fix =
        "Set `maxmemory` and `maxmemory-policy allkeys-lru` on a server that only caches; keep "
        "locks "
        "and jobs on another server. After READONLY, ask the sentinels or the cluster for the "
        "primary again. Treat an error of the cache as a miss that is not stored, and bound the "
        "loads meanwhile.",
    .caching_rules = "12",
};

struct known_error {
  std::string_view word;
  std::string_view meaning;
  bool is_passing;
};
constexpr std::array c905_errors{
    known_error{"OOM", "the memory is full, and the policy evicts nothing", false},
    known_error{"READONLY", "the server is a replica", false},
    known_error{"MISCONF", "the server cannot save its data", false},
    known_error{"NOREPLICAS", "too few replicas", false},
    known_error{"MASTERDOWN", "the replica has lost its primary", false},
    known_error{"CLUSTERDOWN", "the cluster does not serve", false},
    known_error{"NOAUTH", "the client did not log in", false},
    known_error{"LOADING", "the server is loading its data", true},
    known_error{"BUSY", "a script blocks the server", true},
};

class server_errors final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c905_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::events | interest::records;
  }

  void on_record(const record& item, const rule_context&) override {
    if (const auto* const said = std::get_if<server_said>(&item);
        said != nullptr && !said->maxmemory_policy.empty()) {
      policy_ = said->maxmemory_policy;
    }
    if (std::holds_alternative<fault_injected>(item)) is_injected_ = true;
  }

  void on_event(const event& command, const rule_context&) override {
    if (command.answer.kind != reply_kind::error) return;
    for (std::size_t i = 0; i < c905_errors.size(); ++i) {
      if (command.answer.word == c905_errors[i].word) ++counts_[i];
    }
  }

  void on_end(const rule_context& context, verdicts& out) override {
    std::string text;
    std::uint64_t count = 0;
    bool is_grave = false;
    for (std::size_t i = 0; i < c905_errors.size() && !is_injected_; ++i) {
      if (counts_[i] == 0) continue;
      count += counts_[i];
      is_grave = is_grave || !c905_errors[i].is_passing;
      text += (text.empty() ? "" : "; ") + counted(counts_[i], "command was", "commands were") +
              " refused with " + std::string{c905_errors[i].word} + ": " +
              std::string{c905_errors[i].meaning};
    }
    if (!text.empty()) text += '.';
    if (has_cache(context) && (policy_ == "noeviction" || policy_.ends_with("-lrm"))) {
      text += (text.empty() ? "" : " ") + std::string{"The eviction policy is `"} + policy_ +
              (policy_ == "noeviction"
                   ? "`: once the memory is full, the server refuses every store."
                   : "`: values that are read a lot and rarely written are evicted first.");
    }
    if (text.empty()) return;
    finding notice;
    notice.rule = id();
    notice.severity = is_grave ? severity::warning : severity::info;
    notice.confidence = confidence::proof;
    notice.count = std::max<std::uint64_t>(count, 1);
    notice.message = std::move(text);
    out.add_notice(std::move(notice));
  }

 private:
  static bool has_cache(const rule_context& context) {
    return std::any_of(
        context.patterns().begin(), context.patterns().end(), [&](const pattern_state& pattern) {
          return context.role_of(pattern) == key_role::value && context.is_cache_aside(pattern);
        });
  }

  std::array<std::uint64_t, c905_errors.size()> counts_{};
  std::string policy_;
  bool is_injected_ = false;
};

}  // namespace

rule_definition c905() { return {c905_text, {}, make_rule<server_errors>}; }

}  // namespace drover::audit
