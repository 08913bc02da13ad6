// SPDX-License-Identifier: MIT
// C904: the application reached Redis past the tool: values are read that nobody was seen to store.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "audit/rules/evidence_text.hpp"

namespace drover::audit {
namespace {

/// One such value may be a store whose connection was lost with its reply.
constexpr std::uint64_t values_min = 3;
/// Reads whose value may still turn out to come from a store whose reply is on its way.
constexpr std::size_t waiting_max = 256;
/// A store that takes longer than this to be answered is not waited for.
constexpr moment answer_max = std::chrono::seconds{5};

class bypass final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return "C904"; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::all_ops | interest::hits | interest::events | interest::records;
  }

  void on_op(const op& what, const key_state& key, const rule_context& all) override {
    if (blind_) return;
    if (what.kind == op_kind::read || what.kind == op_kind::exists) {
      if (what.is_read()) ++reads_;
      if (what.is_hit() && !(key.value == what.value)) look(what, key, all);
      return;
    }
    if (what.outcome == op_outcome::no || what.kind == op_kind::expire ||
        what.kind == op_kind::compare_expire) {
      return;
    }
    excuse(what, key);
    // Of two changes that overlap it cannot be told which came last.
    const bool overlaps = (key.last_store && key.last_store->done > what.sent) ||
                          (key.last_remove && key.last_remove->done > what.sent);
    const bool is_known = is_plain(what.command) || what.kind == op_kind::remove;
    if (overlaps || !is_known) unclear_[key.ref] = what.done;
  }

  void on_event(const event& what, const rule_context& /*all*/) override {
    // What changes many keys, or keys that are not named.
    const std::string_view name = what.command;
    if (name == "FLUSHALL" || name == "FLUSHDB" || name == "SWAPDB" || name == "RENAME" ||
        name == "RENAMENX" || name == "COPY" || name == "MOVE" || name == "RESTORE") {
      unclear_upto_ = std::max(unclear_upto_, what.done);
      waiting_.clear();
    }
  }

  void on_record(const record& what, const rule_context& /*all*/) override {
    // Once something was not seen, what was stored cannot be known.
    blind_ = blind_ || std::holds_alternative<sight_lost>(what);
  }

  void on_end(const rule_context& all, verdicts& out) override {
    if (blind_) return;
    settle(all.now() + answer_max + answer_max, all);
    if (strange_.count < values_min) return;
    finding notice;
    notice.rule = id();
    notice.how_bad = severity::warning;
    notice.how_sure = confidence::strong;
    notice.count = strange_.count;
    notice.opportunities = reads_;
    notice.keys = strange_.keys();
    notice.seen = strange_.seen();
    notice.message = counted(strange_.count, "read", "reads") +
                     " returned a value that nobody was seen to store, though all of the "
                     "key's stores were watched since the value before.";
    out.notice(std::move(notice));
  }

 private:
  struct strange_read {
    key_ref key;
    moment known_at{};  ///< of the value before
    moment done{};
  };

  /// Commands that read or store a whole string.
  static bool is_plain(std::string_view command) {
    return command == "GET" || command == "MGET" || command == "GETEX" || command == "SET" ||
           command == "SETEX" || command == "PSETEX" || command == "SETNX" || command == "MSET";
  }

  static const op_summary* of(const std::optional<op_summary>& what) {
    return what ? &*what : nullptr;
  }

  /// A hit with another value than the last known one: is it a strange one?
  void look(const op& what, const key_state& key, const rule_context& all) {
    settle(what.sent, all);
    const op_summary* last = nullptr;
    const op_summary* const store = of(key.last_store);
    const op_summary* const removal = key.last_remove.get();
    for (const op_summary* const each : {of(key.last_hit), of(key.last_miss), store, removal}) {
      if (each != nullptr && (last == nullptr || each->done > last->done)) last = each;
    }
    if (last == nullptr || last->done > what.sent || last->done <= unclear_upto_) return;
    for (const op_summary* const each : {store, removal}) {
      const bool overlaps = each != nullptr && each != last && each->done > last->sent;
      if (overlaps) return;  // the one that came second decides, and which that is is not known
    }
    const moment* const unclear = unclear_.find(key.ref);
    if (unclear != nullptr && *unclear >= last->done) return;
    const bool was_absent = last->kind == op_kind::remove ||
                            (last->kind == op_kind::read && last->outcome == op_outcome::no);
    if (!is_plain(what.command) || (!was_absent && !is_plain(last->command))) return;
    if (!was_absent && last->value == what.value) return;
    if (waiting_.size() >= waiting_max) return;
    waiting_.push_back({key.ref, last->sent, what.done});
  }

  /// A change whose reply came later than that of a read may explain what was read.
  void excuse(const op& what, const key_state& key) {
    const auto is_explained = [&](const strange_read& each) {
      return each.key == key.ref && what.sent <= each.done && what.done >= each.known_at;
    };
    waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(), is_explained), waiting_.end());
  }

  /// Reads whose explanation would have come by now have none.
  void settle(moment now, const rule_context& all) {
    if (waiting_.empty() || now - waiting_.front().done < answer_max) return;
    for (const strange_read& each : waiting_) {
      if (now - each.done < answer_max) continue;
      const key_state* const key = all.find(each.key);
      if (key == nullptr) continue;
      strange_.add(0, [&] {
        return proof_of(all, *key, each.known_at, each.done,
                        "A value was read that is none of those seen stored.");
      });
    }
    const auto is_settled = [&](const strange_read& each) { return now - each.done >= answer_max; };
    waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(), is_settled), waiting_.end());
  }

  per_key<moment> unclear_;  ///< keys changed in a way that leaves their value unknown, and when
  moment unclear_upto_{-1};
  std::vector<strange_read> waiting_;
  cases strange_;
  std::uint64_t reads_ = 0;
  bool blind_ = false;
};

}  // namespace

std::unique_ptr<rule> make_c904() { return std::make_unique<bypass>(); }

}  // namespace drover::audit
