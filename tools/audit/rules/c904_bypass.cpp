// SPDX-License-Identifier: MIT
// C904: the application bypassed the tool and reached Redis directly. The rule sees that it reads
// values that the tool did not see stored.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "audit/rules/evidence_text.hpp"
#include "audit/rules/rule_definition.hpp"

namespace drover::audit {
namespace {

constexpr rule_text c904_text{
    .id = "C904",
    .name = "bypass",
    .usual_severity = severity::warning,
    .summary = "The application bypassed the tool and reached Redis directly.",
    .why =
        "Values changed without a store that the tool saw, so the application, or a part of it, "
        "talks to the server directly. The tool did not judge that traffic.",
    .left_alone =
        "keys that expire by their TTL or are evicted; a value that was stored before, which a "
        "replica that is behind still has.",
    .advice =
        "Point every client at the tool's address. Look for a second URL, a sentinel, cluster "
        "nodes, or a worker with its own configuration.",
    .fix =
        "Find every place where the application gets the address of Redis (environment, settings, "
        "sentinel or cluster discovery, workers), and point all of them at the audit's address "
        "while it runs.",
};

/// A single such value may come from a store whose reply was lost with its connection.
constexpr std::uint64_t values_min = 3;
/// The number of reads that are kept because their value may come from a store whose reply has not
/// arrived yet.
constexpr std::size_t c904_waiting_max = 256;
/// The longest wait for the reply of such a store.
constexpr moment answer_max = std::chrono::seconds{5};

class bypass final : public rule {
 public:
  [[nodiscard]] std::string_view id() const override { return c904_text.id; }
  [[nodiscard]] interest::bits wants() const override {
    return interest::all_ops | interest::hits | interest::events | interest::records;
  }

  void on_op(const op& operation, const key_state& key, const rule_context& context) override {
    if (blind_) return;
    if (operation.kind == op_kind::read || operation.kind == op_kind::exists) {
      if (operation.is_read()) ++reads_;
      if (operation.is_hit() && !(key.value == operation.value)) check_hit(operation, key, context);
      return;
    }
    if (operation.outcome == op_outcome::no || operation.kind == op_kind::expire ||
        operation.kind == op_kind::compare_expire) {
      return;
    }
    drop_explained(operation, key);
    if (operation.kind == op_kind::store) remember(key.ref, operation.value.hash);
    // If two changes overlap, their order is unknown.
    const bool overlaps = (key.last_store && key.last_store->done > operation.sent) ||
                          (key.last_remove && key.last_remove->done > operation.sent);
    const bool is_known = is_plain(operation.command) || operation.kind == op_kind::remove;
    if (overlaps || !is_known) unclear_[key.ref] = operation.done;
  }

  void on_event(const event& event, const rule_context& /*context*/) override {
    // These commands change many keys, or store values that the tool does not know.
    const std::string_view name = event.command;
    if (name == "FLUSHALL" || name == "FLUSHDB" || name == "SWAPDB" || name == "RENAME" ||
        name == "RENAMENX" || name == "COPY" || name == "MOVE" || name == "RESTORE") {
      unclear_upto_ = std::max(unclear_upto_, event.done);
      waiting_.clear();
    }
  }

  void on_record(const record& record, const rule_context& /*context*/) override {
    // After unread traffic, or stores whose replies were lost, the stored values are unknown.
    blind_ = blind_ || std::holds_alternative<sight_lost>(record) || hides_stores(record);
  }

  void on_end(const rule_context& context, verdicts& out) override {
    if (blind_) return;
    count_unexplained(context.now() + answer_max + answer_max, context);
    if (unexplained_.count < values_min) return;
    finding notice;
    notice.rule = id();
    notice.severity = severity::warning;
    notice.confidence = confidence::strong;
    notice.count = unexplained_.count;
    notice.opportunities = reads_;
    notice.keys = unexplained_.keys();
    notice.evidence_list = unexplained_.kept_evidence();
    notice.message = counted(unexplained_.count, "read", "reads") +
                     " returned a value that the tool did not see stored, although it saw all "
                     "stores of the key since the previous value.";
    out.add_notice(std::move(notice));
  }

 private:
  struct unexplained_read {
    key_ref key;
    moment known_at{};  ///< time of the previous value
    moment done{};
  };

  static bool hides_stores(const record& record) {
    const auto* const fault = std::get_if<fault_injected>(&record);
    return fault != nullptr && fault->kind != "delay" && fault->kind != "slice" &&
           fault->kind != "push";
  }

  /// Whether the command reads or stores whole strings.
  static bool is_plain(std::string_view command) {
    return command == "GET" || command == "MGET" || command == "GETEX" || command == "SET" ||
           command == "SETEX" || command == "PSETEX" || command == "SETNX" || command == "MSET";
  }

  static const op_summary* pointer_to(const std::optional<op_summary>& summary) {
    return summary ? &*summary : nullptr;
  }

  void remember(key_ref key, std::uint64_t value) {
    auto& former = former_[key];
    std::rotate(former.begin(), former.end() - 1, former.end());
    former.front() = value;
  }
  /// A replica may be behind its primary.
  bool was_stored_before(key_ref key, std::uint64_t value) {
    const auto* const former = former_.find(key);
    return former != nullptr && std::find(former->begin(), former->end(), value) != former->end();
  }

  /// Checks a hit whose value differs from the last known value.
  void check_hit(const op& operation, const key_state& key, const rule_context& context) {
    if (was_stored_before(key.ref, operation.value.hash)) return;
    count_unexplained(operation.sent, context);
    const op_summary* last = nullptr;
    const op_summary* const store = pointer_to(key.last_store);
    const op_summary* const removal = key.last_remove.get();
    for (const op_summary* const candidate :
         {pointer_to(key.last_hit), pointer_to(key.last_miss), store, removal}) {
      if (candidate != nullptr && (last == nullptr || candidate->done > last->done))
        last = candidate;
    }
    if (last == nullptr || last->done > operation.sent || last->done <= unclear_upto_) return;
    for (const op_summary* const candidate : {store, removal}) {
      const bool overlaps =
          candidate != nullptr && candidate != last && candidate->done > last->sent;
      if (overlaps) return;  // the later one decides, and the order is unknown
    }
    const moment* const unclear = unclear_.find(key.ref);
    if (unclear != nullptr && *unclear >= last->done) return;
    const bool was_absent = last->kind == op_kind::remove ||
                            (last->kind == op_kind::read && last->outcome == op_outcome::no);
    if (!is_plain(operation.command) || (!was_absent && !is_plain(last->command))) return;
    if (!was_absent && last->value == operation.value) return;
    if (waiting_.size() >= c904_waiting_max) return;
    waiting_.push_back({key.ref, last->sent, operation.done});
  }

  /// Drops the reads whose value this change may explain: its reply came after theirs.
  void drop_explained(const op& operation, const key_state& key) {
    const auto is_explained = [&](const unexplained_read& read) {
      return read.key == key.ref && operation.sent <= read.done && operation.done >= read.known_at;
    };
    waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(), is_explained), waiting_.end());
  }

  /// Counts the reads that no change has explained within `answer_max`.
  void count_unexplained(moment now, const rule_context& context) {
    if (waiting_.empty() || now - waiting_.front().done < answer_max) return;
    for (const unexplained_read& read : waiting_) {
      if (now - read.done < answer_max) continue;
      const key_state* const key = context.find(read.key);
      if (key == nullptr) continue;
      unexplained_.add(0, [&] {
        return proof_of(context, *key, read.known_at, read.done,
                        "A value was read that the tool did not see stored.");
      });
    }
    const auto is_settled = [&](const unexplained_read& read) {
      return now - read.done >= answer_max;
    };
    waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(), is_settled), waiting_.end());
  }

  /// The time of a key's last change to a value that the tool does not know.
  per_key<moment> unclear_;
  /// The hashes of the last values that were stored under a key.
  per_key<std::array<std::uint64_t, 4>> former_;
  moment unclear_upto_{-1};
  std::vector<unexplained_read> waiting_;
  cases unexplained_;
  std::uint64_t reads_ = 0;
  bool blind_ = false;
};

}  // namespace

rule_definition c904() { return {c904_text, {}, make_rule<bypass>}; }

}  // namespace drover::audit
