// SPDX-License-Identifier: MIT
// The connection's events, and the requests that block for their replies.
#include "store/redis_store.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "base/random.hpp"
#include "cluster/redirect.hpp"

namespace drover::store {

namespace {

constexpr auto replied = connection::exchange_end::replied;
constexpr auto faulted = connection::exchange_end::faulted;

connection::settings prepared(connection::settings with) {
  lease::write_tracking(with.on_connect, true);
  lease::write_load_scripts(with.on_connect);
  with.on_connect_replies = 1 + static_cast<unsigned>(lease::scripts().size());
  return with;
}

/// The number of commands that precede each command with a key.
unsigned lead_in(addressee as) noexcept { return as == addressee::importer ? 1 : 0; }

/// Returns the result of `act`, or a fault when memory runs out.
template <class Act>
auto or_out_of_memory(Act act) -> decltype(act()) {
  try {
    return act();
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  }
}

}  // namespace

fault out_of_memory() noexcept { return {fault_code::overloaded, "out of memory"}; }

redis_store::redis_store(connection::settings with, events to, bool keeps_writes)
    : to_{std::move(to)},
      known_{keeps_writes},
      next_nonce_{with.seed},
      plain_{channel_, known_, with,
             [this](const fault& why) {
               if (to_.refused) to_.refused(why);
             }},
      waker_{channel_, [this](wake_mode mode) { to_.waking(mode); }},
      channel_{prepared(std::move(with)),
               {.up = [this](const connection::greeting& hello) { on_up(hello); },
                .down = [this](const fault& why) { to_.down(why); },
                .push = [this](const resp::message& push) { on_push(push); },
                .refused =
                    [this](const fault& why) {
                      if (to_.refused) to_.refused(why);
                    },
                .login_failed =
                    [this](const fault& why) {
                      if (to_.login_failed) to_.login_failed(why);
                    },
                .alarm = [this] { to_.alarm(); }}} {}

redis_store::~redis_store() { plain_.stop(); }

void redis_store::close() noexcept {
  plain_.stop();
  channel_.close();
}

void redis_store::rest() noexcept {
  plain_.rest();
  channel_.rest();
}

void redis_store::credentials_changed() noexcept {
  plain_.credentials_changed();
  channel_.credentials_changed();
}

namespace {

/// Not zero, which is the mark of a server that is no node of a cluster.
std::uint64_t mark_of(std::string_view run_id) noexcept {
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325U;  // FNV-1a
  for (const char c : run_id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01B3U;
  return std::max<std::uint64_t>((hash ^ hash >> 32U) & 0xFFFFU, 1);
}

}  // namespace

std::uint64_t redis_store::client_id() const noexcept {
  const std::uint64_t id = channel_.client_id();
  const std::uint64_t mark = mark_.load(std::memory_order_acquire);
  return id == 0 || mark == no_mark ? 0 : mark | (id & id_mask);
}

bool redis_store::is_client_id(std::uint64_t id) const noexcept {
  return (id & ~id_mask) == mark_.load(std::memory_order_acquire);
}

void redis_store::on_up(const connection::greeting& hello) {
  const bool is_named = !hello.run_id.empty();
  mark_ = !hello.is_in_cluster ? 0 : is_named ? mark_of(hello.run_id) << mark_shift : no_mark;
  waker_.connection_is_new();
  plain_.connection_is_new(hello.run_id);
  known_.greeted(hello, now());
  refusals_.connection_is_new();
  to_.up(hello);
}

void redis_store::on_push(const resp::message& push) {
  lease::push_notice notice;
  try {
    notice = lease::read_push(push);
  } catch (const std::bad_alloc&) {
    return to_.everything_changed();  // a needless wake-up costs one round trip
  }
  switch (notice.kind) {
    case lease::push_kind::keys:
      for (const std::string& key : notice.names) {
        if (!waker_.saw_key(key)) to_.changed(key);
      }
      return;
    case lease::push_kind::everything: to_.everything_changed(); return;
    case lease::push_kind::subscribed:
      for (const std::string& name : notice.names) waker_.saw_subscription(name);
      return;
    case lease::push_kind::channel:
      for (std::string& name : notice.names) {
        to_.changed(entry::value_key_of_wake_channel(std::move(name)));
      }
      return;
    case lease::push_kind::other: return;
  }
}

std::uint64_t redis_store::new_nonce() noexcept {
  return base::seeded_random{next_nonce_.fetch_add(1, std::memory_order_relaxed)}.next();
}

void redis_store::distrust(const fault& why) { channel_.distrust(channel_.epoch(), why); }

// An error reply is not an echo, but it may belong to this PING: a busy server answers with an
// error.
result<void> redis_store::checked(const resp::message& echo, std::uint64_t nonce) {
  const result<bool> is_right = lease::read_echo(echo, nonce);
  if (!is_right) return is_right.error();
  if (*is_right) return {};
  distrust({fault_code::corrupt, "a reply belongs to another request"});
  return fault{fault_code::unreachable, "the echo is wrong"};
}

void redis_store::note_refusal(request_kind request, const fault& why) noexcept {
  try {
    if (plain_.saw(why)) return;  // it says what is used instead
    if (!lease::is_refusal(why) || cluster::read_redirect(why.text)) return;
    refusals_.refused(request, why);
    if (to_.refused) to_.refused(why);
  } catch (const std::bad_alloc&) {
    // The next one is noted.
  }
}

// Without the right to SCRIPT LOAD, leases work only if another client has loaded the scripts.
void redis_store::note_refused_scripts(std::span<const resp::message> loaded) noexcept {
  try {
    for (const resp::message& reply : loaded) {
      if (reply.empty() || !reply.root().is_error()) continue;
      return note_refusal(request_kind::lease, lease::fault_of(reply.root().text()));
    }
  } catch (const std::bad_alloc&) {
    // The next one is noted.
  }
}

void redis_store::look_for_readonly(std::span<const resp::message> replies) {
  for (const resp::message& reply : replies) {
    if (lease::is_readonly(reply)) return distrust(lease::fault_of(reply.root().text()));
  }
}

// Without the echo that follows them, the replies may belong to other requests.
result<void> redis_store::acknowledged(std::span<const resp::message> replies_and_echo,
                                       std::uint64_t nonce) {
  const std::span<const resp::message> replies =
      replies_and_echo.first(replies_and_echo.size() - 1);
  if (const result<void> is_right = checked(replies_and_echo.back(), nonce); !is_right) {
    return is_right;
  }
  for (const resp::message& reply : replies) {
    if (const result<void> read = lease::read_acknowledged(reply); !read) return read;
  }
  return {};
}

connection::outcome redis_store::exchange_again(std::string_view request,
                                                std::span<resp::message> replies,
                                                const wait_limit& within) {
  connection::outcome end = channel_.exchange(request, replies, within);
  if (end.ended == faulted && end.why.code == fault_code::unreachable && channel_.is_available()) {
    for (resp::message& reply : replies) reply.clear();
    end = channel_.exchange(request, replies, within);
  }
  return end;
}

redis_store::looked_up redis_store::get(std::string_view value_key, const wait_limit& within,
                                        addressee as) {
  try {
    std::string request;
    const unsigned at = lead_in(as);
    if (at > 0) lease::write_asking(request);
    lease::write_get(request, value_key);
    const steady_time sent = now();
    const bool wants_time = known_.wants_sample(sent);
    if (wants_time) lease::write_time(request);
    resp::message replies[3];
    connection::outcome end =
        exchange_again(request, {replies, at + (wants_time ? 2U : 1U)}, within);
    if (end.ended == faulted) return {end.ended, std::move(end.why), this};
    if (end.ended != replied) return {.ended = end.ended, .by = this};
    if (wants_time) take_sample(sent, lease::read_time(replies[at + 1]));
    const bool is_error = replies[at].root().is_error();
    looked_up answer{end.ended, lease::read_get(std::move(replies[at])), this};
    if (!answer.entry && !is_error) verify_later();
    if (answer.entry) {
      refusals_.succeeded(request_kind::read);
    } else if (is_error) {
      note_refusal(request_kind::read, answer.entry.error());
    }
    return answer;
  } catch (const std::bad_alloc&) {
    return {faulted, out_of_memory(), this};
  }
}

// In a cluster each key has a command of its own: while its slot moves, a node refuses commands
// with several keys of which one is not there.
unsigned redis_store::write_unlinks(std::string& out, std::span<const std::string> keys,
                                    addressee as) {
  if (as == addressee::server) {
    lease::write_invalidate(out, keys);
    return 1;
  }
  for (const std::string& key : keys) {
    if (as == addressee::importer) lease::write_asking(out);
    lease::write_invalidate(out, {&key, 1});
  }
  return static_cast<unsigned>(keys.size()) * (1 + lead_in(as));
}

result<void> redis_store::invalidate(std::span<const std::string> keys, addressee as) {
  return or_out_of_memory([&]() -> result<void> {
    const std::uint64_t nonce = new_nonce();
    std::string request;
    const unsigned due = write_unlinks(request, keys, as) + 1;
    lease::write_ping(request, nonce);
    std::vector<resp::message> replies(due);
    // It may be sent twice without harm.
    const connection::outcome end = exchange_again(request, replies);
    if (end.ended != replied) return end.why;
    look_for_readonly(replies);
    return acknowledged(replies, nonce);
  });
}

result<void> redis_store::expire(std::span<const std::string> value_keys,
                                 std::span<const std::string> refresh_mark_keys,
                                 const entry::token_source& new_token, addressee as) {
  return or_out_of_memory([&]() -> result<void> {
    if (plain_.is_active()) return plain_expire(value_keys, refresh_mark_keys, new_token);
    const unsigned step = 1 + lead_in(as);
    for (bool again = true;; again = false) {
      const std::uint64_t nonce = new_nonce();
      std::string request;
      for (const std::string& key : value_keys) {
        if (as == addressee::importer) lease::write_asking(request);
        lease::write_expire(request, key, new_token());
      }
      const std::size_t scripts = value_keys.size() * step;
      const std::size_t due = scripts + write_unlinks(request, refresh_mark_keys, as) + 1;
      lease::write_ping(request, nonce);
      std::vector<resp::message> replies(due);
      const connection::outcome end = channel_.exchange(request, replies);
      if (end.ended != replied) return end.why;
      if (again && lease::is_noscript(replies[step - 1])) {
        if (const auto loaded = load_scripts(); !loaded) return loaded;
        continue;
      }
      look_for_readonly(replies);
      const std::span<const resp::message> all{replies};
      const result<void> unlinked = acknowledged(all.subspan(scripts), nonce);
      if (!unlinked) return unlinked;
      for (std::size_t i = step - 1; i < scripts; i += step) {
        const auto read = lease::read_step(replies[i]);
        if (read) continue;
        if (!plain_.saw(read.error())) return read.error();
        return plain_expire(value_keys, refresh_mark_keys, new_token);
      }
      return {};
    }
  });
}

result<void> redis_store::load_scripts() {
  std::string request;
  lease::write_load_scripts(request);
  std::vector<resp::message> loaded(lease::scripts().size());
  const connection::outcome end = channel_.exchange(request, loaded);
  if (end.ended != replied) return end.why;
  note_refused_scripts(loaded);
  return {};
}

bool redis_store::verify(const wait_limit& within) {
  try {
    const std::uint64_t nonce = new_nonce();
    std::string request;
    lease::write_ping(request, nonce);
    resp::message echo;
    if (channel_.exchange(request, {&echo, 1}, within).ended != replied) return false;
    return checked(echo, nonce).has_value();
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void redis_store::take_sample(steady_time sent, const result<server_time>& answered) noexcept {
  if (answered) known_.add_sample({.sent = sent, .received = now(), .server = *answered});
}

}  // namespace drover::store
