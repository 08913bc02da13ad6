// SPDX-License-Identifier: MIT
// C605: two clients store values of different formats under one key.
#include <algorithm>
#include <memory>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {
namespace {

std::string_view word_of(shape looks) {
  switch (looks) {
    case shape::json: return "JSON";
    case shape::pickle: return "Python's pickle";
    case shape::php: return "PHP's serialize";
    default: return "";
  }
}

class shared_key final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C605"; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::of(op_kind::store) | interest::of(op_kind::acquire);
  }

  void on_op(const op& what, const key_state& key, const rule_context& all) override {
    if (what.outcome != op_outcome::yes || what.part || word_of(what.value.looks).empty()) return;
    writer& last = last_[key.ref];
    const bool another = last.known && !all.connections().may_be_one(last.process, what.process);
    if (another) ++shared_;
    if (another && last.looks != what.value.looks) {
      of_[*key.pattern].add(0, [&] {
        return proof_of(all, key, last.at, what.done,
                        "Stored as " + std::string{word_of(last.looks)} + " by one and as " +
                            std::string{word_of(what.value.looks)} + " by another.");
      });
    }
    last = {true, what.process, what.value.looks, what.sent};
  }

  void on_end(const rule_context& all, verdicts& out) override {
    std::uint64_t mixed = 0;
    for (auto& [index, bad] : of_) {
      const pattern_state& pattern = all.patterns()[index];
      if (all.role_of(pattern) == key_role::ignored) continue;
      mixed += bad.count;
      finding made = finding_of(id(), pattern, bad);
      made.opportunities = std::max(made.count, pattern.counts.stores);
      made.how_bad = severity::info;
      made.how_sure = confidence::strong;
      made.message = counted(bad.count, "time", "times") +
                     " a client stored another format than the client before it.";
      out.found(std::move(made));
    }
    out.covered(id(),
                mixed > 0     ? coverage_line::status::fail
                : shared_ > 0 ? coverage_line::status::pass
                              : coverage_line::status::not_exercised,
                shared_ + mixed == 0
                    ? "no key was stored by two clients in a format that can be told"
                    : counted(shared_, "store", "stores") +
                          " of keys that another client had "
                          "stored, " +
                          in_words(mixed) + " in another format");
  }

 private:
  struct writer {
    bool known = false;
    std::uint32_t process = 0;
    shape looks = shape::empty;
    moment at{};
  };

  per_key<writer> last_;
  per_pattern<cases> of_;
  std::uint64_t shared_ = 0;
};

}  // namespace

std::unique_ptr<rule> make_c605() { return std::make_unique<shared_key>(); }

}  // namespace drover::audit
