// SPDX-License-Identifier: MIT
// C605: two clients store values of different formats under one key.
#include <algorithm>

#include "audit/rules/coverage.hpp"
#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c605_text{
    .id = "C605",
    .name = "shared-key",
    .usual_severity = severity::info,
    .summary = "Two clients store values of different formats under one key.",
    .why =
        "Each client reads values that it cannot decode. The result is an error or, worse, an "
        "object of the wrong type. Unpickling or unserialising data that another service wrote can "
        "also run its code.",
    .left_alone = "one format for all clients; empty values and integers.",
    .exercised_by = "one key that two clients write",
    .advice = "Use a prefix for each service, and one format for shared values.",
    .fix =
        "Give each service its own prefix. If services share values on purpose, agree on one "
        "language-independent format (JSON, MessagePack, Protocol Buffers) that includes a "
        "version.",
    .caching_rules = "12",
};

std::string_view word_of(shape format) {
  switch (format) {
    case shape::json: return "JSON";
    case shape::pickle: return "Python's pickle";
    case shape::php: return "PHP's serialize";
    default: return "";
  }
}

class shared_key final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c605_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::ops(op_kind::store) | interest::ops(op_kind::acquire);
  }

  void on_op(const op& operation, const key_state& key, const rule_context& context) override {
    if (operation.outcome != op_outcome::yes || operation.part ||
        word_of(operation.value.looks).empty())
      return;
    writer& last = last_writers_[key.ref];
    const bool is_other_client =
        last.known && !context.connections().may_be_same_process(last.process, operation.process);
    if (is_other_client) ++shared_;
    if (is_other_client && last.looks != operation.value.looks) {
      cases_[*key.pattern].add(0, [&] {
        return proof_of(context, key, last.at, operation.done,
                        "Stored as " + std::string{word_of(last.looks)} + " by one client and as " +
                            std::string{word_of(operation.value.looks)} + " by another client.",
                        {}, {{key.ref, last.store}, {key.ref, op_summary(operation)}});
      });
    }
    last = {true, operation.process, operation.value.looks, operation.sent, op_summary(operation)};
  }

  void on_united(std::uint32_t from, std::uint32_t into) override { cases_.unite(from, into); }
  void on_end(const rule_context& context, verdicts& out) override {
    std::uint64_t mixed = 0;
    for (auto& [index, bad] : cases_) {
      const pattern_state& pattern = context.patterns()[index];
      if (context.role_of(pattern) == key_role::ignored) continue;
      mixed += bad.count;
      finding result = finding_of(id(), pattern, bad);
      result.opportunities = std::max(result.count, pattern.counts.stores);
      result.severity = severity::info;
      result.confidence = confidence::strong;
      result.message = counted(bad.count, "time", "times") +
                       " a client stored a value in another format than the previous client.";
      out.add_finding(std::move(result));
    }
    out.add_coverage(id(), status_of(mixed, shared_),
                     shared_ + mixed == 0 ? "no key was stored by two clients in a known format"
                                          : counted(shared_, "store", "stores") +
                                                " of keys that another client had stored before, " +
                                                in_words(mixed) + " in another format");
  }

 private:
  struct writer {
    bool known = false;
    std::uint32_t process = 0;
    shape looks = shape::empty;
    moment at{};
    op_summary store;
  };

  per_key<writer> last_writers_;
  per_pattern<cases> cases_;
  std::uint64_t shared_ = 0;
};

}  // namespace

rule_definition c605() { return {c605_text, {}, make_rule<shared_key>}; }

}  // namespace drover::audit
