// SPDX-License-Identifier: MIT
// C902: a script was called whose body was not seen, or whose effect is not clear from the body.
#include <algorithm>
#include <map>

#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c902_text{
    .id = "C902",
    .name = "opaque-script",
    .usual_severity = severity::info,
    .summary =
        "A script was called whose body was not seen, or whose effect is not clear from the body.",
    .why = "The effect of the script on its keys is unknown, so all rules ignore these keys.",
    .advice =
        "Start the audit before the application loads its scripts. Or run SCRIPT FLUSH on a test "
        "server, so that the client sends them again.",
    .fix =
        "Run the audit against a server that has not seen the scripts yet (a new one, or after "
        "SCRIPT FLUSH on a test server), and start the application behind the audit.",
};

/// Applications that write values into the text of their scripts have any number of scripts.
constexpr std::size_t scripts_max = 256;
constexpr std::size_t shown_max = 5;

class opaque_script final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c902_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::events | interest::records;
  }

  void on_event(const event& event, const rule_context& /*context*/) override {
    if (event.script.empty() || !event.executed) return;
    const std::string_view command = event.command;
    const bool is_call = command.starts_with("EVAL") || command.starts_with("FCALL");
    if (!is_call || event.answer.kind == reply_kind::error) return;
    ++calls_;
    const auto position = scripts_.find(event.script);
    if (position == scripts_.end() && scripts_.size() >= scripts_max) return;
    script_calls& script = scripts_[event.script];
    if (script.calls++ > 0) return;
    for (const field& argument : event.arguments) {
      if (argument.kind == field_kind::key && script.keys.size() < shown_max)
        script.keys.push_back(argument.text);
    }
  }

  void on_record(const record& record, const rule_context& /*context*/) override {
    const auto* const definition = std::get_if<script_seen>(&record);
    if (definition == nullptr ||
        (scripts_.size() >= scripts_max && !scripts_.contains(definition->script))) {
      return;
    }
    script_calls& script = scripts_[definition->script];
    script.body_seen = true;
    script.understood = !definition->known_as.empty() || is_clear(*definition);
  }

  void on_end(const rule_context& /*context*/, verdicts& out) override {
    for (const bool body_seen : {false, true}) report(body_seen, out);
  }

 private:
  struct script_calls {
    std::uint64_t calls = 0;
    bool body_seen = false;
    bool understood = false;
    std::vector<std::string> keys;
  };

  /// Whether the text shows what the script does to each of its keys.
  static bool is_clear(const script_seen& script) {
    if (script.keys.empty()) return script.does != script_seen::purpose::unknown;
    return std::none_of(script.keys.begin(), script.keys.end(), [](const auto& effect) {
      return effect.does == script_seen::purpose::unknown;
    });
  }

  void report(bool body_seen, verdicts& out) const {
    finding notice;
    std::string names;
    std::uint64_t scripts = 0;
    for (const auto& [name, script] : scripts_) {
      if (script.calls == 0 || script.understood || script.body_seen != body_seen) continue;
      notice.count += script.calls;
      if (++scripts <= shown_max) names += (names.empty() ? "" : ", ") + name.substr(0, 12);
      for (const std::string& key : script.keys) {
        if (notice.keys.size() < shown_max) notice.keys.push_back(key);
      }
    }
    if (scripts == 0) return;
    notice.rule = id();
    notice.severity = severity::info;
    notice.confidence = confidence::proof;
    notice.opportunities = calls_;
    notice.message = counted(scripts, "script", "scripts") + " (" + names +
                     (scripts > shown_max ? ", ..." : "") + ") " +
                     (body_seen ? "have a body whose effect is not clear"
                                : "were called by a hash whose body was not seen") +
                     "; " + counted(notice.count, "call", "calls") +
                     ". All rules ignore their keys.";
    out.add_notice(std::move(notice));
  }

  std::map<std::string, script_calls> scripts_;
  std::uint64_t calls_ = 0;
};

}  // namespace

rule_definition c902() { return {c902_text, {}, make_rule<opaque_script>}; }

}  // namespace drover::audit
