// SPDX-License-Identifier: MIT
// Invalidations that may have to be sent again, and the keys that this process may not read until
// then (rule R10 of docs/internals/lease-protocol.md). Pure: the shell sends them.
//
// Each sending has its own number, so that the answer to an earlier sending has no effect. An
// invalidation that the server answers with an error, or that is lost with its connection, is
// *pending*: it is sent again, with a growing pause, until a server acknowledges it. When another
// server answers, the invalidations acknowledged in the last minute are pending and sent again,
// because a failover may have lost them.
//
// A lease granted to this process settles its key: a value loaded under it is newer than every
// invalidation that was pending when the lease was asked for.
//
// Threads: one at a time.
// Bounded: over `capacity` the oldest acknowledged invalidations are forgotten. When there are
//          none, a new invalidation is not kept, and `add` returns `not_kept`.
// Memory:  only `add`, `due` and `connection_up` allocate. When that throws, nothing has changed.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.hpp"

namespace drover::fetch {

class invalidation_journal {
 public:
  explicit invalidation_journal(std::size_t capacity) noexcept : capacity_{capacity} {}

  using number = std::uint64_t;
  /// A number that stands for no sending: `acknowledged` and `failed` ignore it.
  static constexpr number not_kept = 0;
  using key_list = std::shared_ptr<const std::vector<std::string>>;

  /// Notes an invalidation that is about to be sent. `keys` are all Redis keys to unlink;
  /// `value_keys` are the value keys among them. It replaces an older invalidation of the same keys
  /// that is not being sent, so that a key that is invalidated all the time does not fill the
  /// journal. Returns `not_kept` when the journal is full of unacknowledged invalidations: the new
  /// one will not be repeated.
  [[nodiscard]] number add(std::vector<std::string> keys,
                           const std::vector<std::string>& value_keys, steady_time now);
  /// A server has executed it.
  void acknowledged(number id, steady_time now) noexcept;
  /// A server refused it, or the answer was lost. Returns the time at which it is due again; empty
  /// when nothing is to be sent again. `unit` in (0, 1] spreads the pause by 20 %.
  std::optional<steady_time> failed(number id, steady_time now, double unit) noexcept;

  struct sending {
    number id = not_kept;
    key_list keys;
  };
  /// The invalidations to send now on the current connection. Each is due again only after
  /// `failed`.
  [[nodiscard]] std::vector<sending> due(steady_time now);
  /// The time at which the next invalidation is due; empty when none waits.
  [[nodiscard]] std::optional<steady_time> next_due() const noexcept;
  enum class server : std::uint8_t { same, unknown, another };
  /// Whether a server has the keys of an invalidation. Throws nothing.
  using scope = std::function<bool(const std::vector<std::string>& keys)>;
  /// The invalidations to send on a new connection to a server that has the keys `in`: all
  /// unacknowledged ones and, unless the server is the same, also those acknowledged in the last
  /// minute. For another server that minute begins again; for an unknown server it does not.
  [[nodiscard]] std::vector<sending> connection_up(server which, steady_time now, const scope& in);
  /// Another server is about to have these keys: they may not be read. `connection_up` follows, or
  /// the end of the minute.
  void mark_pending(steady_time now, const scope& in);
  /// The same for a server that has all keys.
  [[nodiscard]] std::vector<sending> connection_up(server which, steady_time now) {
    return connection_up(which, now, [](const std::vector<std::string>&) { return true; });
  }

  /// Whether an entry of this key may be older than an invalidation that is pending.
  [[nodiscard]] bool is_pending(std::string_view value_key) const noexcept;
  /// A stamp greater than those of all pending invalidations. Take it before sending a LEASE.
  [[nodiscard]] std::uint64_t stamp() const noexcept { return next_stamp_; }
  /// A lease of the key, requested at `lease_stamp`, was granted. The key may be read again; its
  /// invalidations are still sent.
  void settle(std::string_view value_key, std::uint64_t lease_stamp) noexcept;

  /// The number of pending pairs of an invalidation and a key. Zero: every key may be read.
  [[nodiscard]] std::size_t pending_count() const noexcept { return pending_count_; }
  [[nodiscard]] std::size_t size() const noexcept {
    return sent_.size() + waiting_.size() + done_.size();
  }

 private:
  struct entry;
  struct place {
    steady_time when;  ///< when it is due or was acknowledged; zero while no answer has come
    number id = not_kept;
    bool operator<(const place& other) const noexcept {
      return when != other.when ? when < other.when : id < other.id;
    }
  };
  using shelf = std::map<place, entry>;  ///< entries move between shelves without allocating

  /// The claim of one invalidation on one value key: the key may not be read.
  struct claim {
    std::pair<const place, entry>* by;
    std::uint64_t stamp = 0;
    bool is_pending = false;
  };
  struct key_state {
    std::list<claim> pending;  ///< by stamp, the oldest first
    std::list<claim> others;
  };
  struct key_hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using key_table = std::unordered_map<std::string, key_state, key_hash, std::equal_to<>>;
  struct claim_place {
    key_table::value_type* key_entry;
    std::list<claim>::iterator at;
  };
  struct entry {
    key_list keys;
    std::vector<claim_place> claims;
    /// By this server, or by one that may be the same server.
    std::optional<steady_time> first_done{};
    unsigned failures = 0;     ///< failed sendings since it was last acknowledged
    bool was_pending = false;  ///< it was pending since then; its keys still are, unless settled
  };

  [[nodiscard]] number replace_older(const std::vector<std::string>& keys,
                                     const std::vector<std::string>& value_keys) noexcept;
  void claim_key(shelf::value_type& by, const std::string& value_key);
  void make_pending(entry& invalidation) noexcept;
  void make_readable(entry& invalidation) noexcept;
  void release(entry& invalidation) noexcept;
  void forget_first_done() noexcept;
  void forget_old(steady_time now) noexcept;
  sending send_again(shelf& from, shelf::const_iterator at) noexcept;

  std::size_t capacity_;
  number next_number_ = not_kept + 1;
  std::uint64_t next_stamp_ = 1;
  std::size_t pending_count_ = 0;
  key_table keys_;
  shelf sent_;     ///< sent, no answer yet
  shelf waiting_;  ///< to be sent again, by the time at which they are due
  shelf done_;     ///< acknowledged, by the time of the acknowledgement
};

}  // namespace drover::fetch
