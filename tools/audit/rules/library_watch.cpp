// SPDX-License-Identifier: MIT
#include "audit/rules/library_watch.hpp"

#include <algorithm>

#include "audit/rules/profiles.hpp"

namespace drover::audit {
namespace {

class library_watch final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "libraries"; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::ops(op_kind::store) | interest::ops(op_kind::acquire) |
           interest::ops(op_kind::remove) | interest::ops(op_kind::compare_remove) |
           interest::ops(op_kind::compare_expire) | interest::ops(op_kind::read);
  }

  void on_op(const op& operation, const key_state& key, const rule_context& context) override {
    library_traces& traces = traces_[*key.pattern];
    add(traces.keys, key.name);
    if (!operation.known_as.empty()) add(traces.scripts, operation.known_as);
    if (traces.clients.size() >= names_max) return;
    const connection_facts* from = context.connections().find(operation.connection);
    if (from != nullptr && !from->library.empty()) add(traces.clients, from->library);
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { traces_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    if (context.capture().keys_hidden) return;
    for (finding& finding : out.findings) {
      const library_profile* library = find_library(traces_of(finding, context));
      if (library != nullptr) finding.library = library->name;
    }
  }

 private:
  /// The names of each kind that are kept for one pattern.
  static constexpr std::size_t names_max = 4;

  static void add(std::vector<std::string>& to, std::string_view name) {
    if (to.size() < names_max && std::find(to.begin(), to.end(), name) == to.end()) {
      to.emplace_back(name);
    }
  }
  void add_pattern(library_traces& to, std::uint32_t pattern) const {
    const library_traces* traces = traces_.find(pattern);
    if (traces != nullptr) to.merge(*traces);
  }

  /// The traces of the finding's pattern and of the pattern paired with it: its lock, or the values
  /// that it guards.
  library_traces traces_of(const finding& finding, const rule_context& context) const {
    library_traces traces;
    traces.keys = finding.keys;
    for (const pattern_state& pattern : context.patterns()) {
      if (pattern.text == finding.pattern) {
        add_pattern(traces, pattern.index);
        if (pattern.paired) add_pattern(traces, *pattern.paired);
      }
    }
    return traces;
  }

  per_pattern<library_traces> traces_;
};

}  // namespace

std::unique_ptr<rule> make_library_watch() { return std::make_unique<library_watch>(); }

}  // namespace drover::audit
