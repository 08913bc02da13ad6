// SPDX-License-Identifier: MIT
// Not a rule, but told what rules are told: which client libraries and scripts touch keys of which
// pattern. When all rules have spoken, each finding gets the name of the library that explains it.
// Comes last in `all_rules()`; covers nothing.
#include <algorithm>
#include <memory>

#include "audit/rules/all_rules.hpp"
#include "audit/rules/profiles.hpp"

namespace drover::audit {
namespace {

class library_watch final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "libraries"; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::of(op_kind::store) | interest::of(op_kind::acquire) |
           interest::of(op_kind::remove) | interest::of(op_kind::compare_remove) |
           interest::of(op_kind::compare_expire) | interest::of(op_kind::read);
  }

  void on_op(const op& what, const key_state& key, const rule_context& all) override {
    library_traces& seen = seen_[*key.pattern];
    add(seen.keys, key.name);
    if (!what.known_as.empty()) add(seen.scripts, what.known_as);
    if (seen.clients.size() >= each_max) return;
    const connection_facts* from = all.connections().find(what.connection);
    if (from != nullptr && !from->library.empty()) add(seen.clients, from->library);
  }

  void on_end(const rule_context& all, verdicts& out) override {
    if (all.capture().keys_hidden) return;
    for (finding& each : out.findings) {
      const library_profile* library = recognised(traces_of(each, all));
      if (library != nullptr) each.library = library->name;
    }
  }

 private:
  static constexpr std::size_t each_max = 4;  // names of each kind, for a pattern

  static void add(std::vector<std::string>& to, std::string_view what) {
    if (to.size() < each_max && std::find(to.begin(), to.end(), what) == to.end()) {
      to.emplace_back(what);
    }
  }
  static void add_all(std::vector<std::string>& to, const std::vector<std::string>& from) {
    to.insert(to.end(), from.begin(), from.end());
  }
  void add_pattern(library_traces& to, std::uint32_t pattern) const {
    const library_traces* seen = seen_.find(pattern);
    if (seen == nullptr) return;
    add_all(to.clients, seen->clients);
    add_all(to.scripts, seen->scripts);
    add_all(to.keys, seen->keys);
  }

  /// Of the finding's pattern, of the locks that guard it, and of what it guards.
  library_traces traces_of(const finding& what, const rule_context& all) const {
    library_traces traces;
    traces.keys = what.keys;
    for (const pattern_state& each : all.patterns()) {
      if (each.text == what.pattern) {
        add_pattern(traces, each.index);
        if (each.paired) add_pattern(traces, *each.paired);
      }
    }
    return traces;
  }

  per_pattern<library_traces> seen_;
};

}  // namespace

std::unique_ptr<rule> make_library_watch() { return std::make_unique<library_watch>(); }

}  // namespace drover::audit
