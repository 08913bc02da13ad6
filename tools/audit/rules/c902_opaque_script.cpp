// SPDX-License-Identifier: MIT
// C902: a script was called whose body was never seen, or does what cannot be told from it.
#include <algorithm>
#include <map>
#include <memory>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {
namespace {

/// Applications that write values into the texts of their scripts have any number of them.
constexpr std::size_t scripts_max = 256;
constexpr std::size_t shown_max = 5;

class opaque_script final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C902"; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::events | interest::records;
  }

  void on_event(const event& what, const rule_context& /*all*/) override {
    if (what.script.empty() || !what.executed) return;
    const std::string_view command = what.command;
    const bool is_call = command.starts_with("EVAL") || command.starts_with("FCALL");
    if (!is_call || what.answer.kind == reply_kind::error) return;
    ++calls_;
    const auto found = scripts_.find(what.script);
    if (found == scripts_.end() && scripts_.size() >= scripts_max) return;
    script& of = scripts_[what.script];
    if (of.calls++ > 0) return;
    for (const field& each : what.arguments) {
      if (each.kind == field_kind::key && of.keys.size() < shown_max) of.keys.push_back(each.text);
    }
  }

  void on_record(const record& what, const rule_context& /*all*/) override {
    const auto* const seen = std::get_if<script_seen>(&what);
    if (seen == nullptr || (scripts_.size() >= scripts_max && !scripts_.contains(seen->script))) {
      return;
    }
    script& of = scripts_[seen->script];
    of.body_seen = true;
    of.understood = seen->does != script_seen::purpose::unknown || !seen->known_as.empty();
  }

  void on_end(const rule_context& /*all*/, verdicts& out) override {
    for (const bool seen : {false, true}) tell(seen, out);
  }

 private:
  struct script {
    std::uint64_t calls = 0;
    bool body_seen = false;
    bool understood = false;
    std::vector<std::string> keys;
  };

  void tell(bool body_seen, verdicts& out) const {
    finding notice;
    std::string names;
    std::uint64_t scripts = 0;
    for (const auto& [name, of] : scripts_) {
      if (of.calls == 0 || of.understood || of.body_seen != body_seen) continue;
      notice.count += of.calls;
      if (++scripts <= shown_max) names += (names.empty() ? "" : ", ") + name.substr(0, 12);
      for (const std::string& key : of.keys) {
        if (notice.keys.size() < shown_max) notice.keys.push_back(key);
      }
    }
    if (scripts == 0) return;
    notice.rule = id();
    notice.how_bad = severity::info;
    notice.how_sure = confidence::proof;
    notice.opportunities = calls_;
    notice.message = counted(scripts, "script", "scripts") + " (" + names +
                     (scripts > shown_max ? ", ..." : "") + ") " +
                     (body_seen ? "cannot be told from the body what they do"
                                : "were called by a hash whose body was not seen") +
                     "; " + counted(notice.count, "call", "calls") +
                     ". Their keys are left out of the rules.";
    out.notice(std::move(notice));
  }

  std::map<std::string, script> scripts_;
  std::uint64_t calls_ = 0;
};

}  // namespace

std::unique_ptr<rule> make_c902() { return std::make_unique<opaque_script>(); }

}  // namespace drover::audit
