// SPDX-License-Identifier: MIT
#include "store/plain_protocol.hpp"

#include <array>
#include <new>
#include <utility>

#include "base/random.hpp"

namespace drover::store {
namespace {

/// How often a request looks again because others change the key all the time.
constexpr unsigned tries_max = 8;
/// How often scripts are tried again, and, without any way, the way is sought again.
constexpr microseconds retry_every{5'000'000};
constexpr std::size_t stubs_max = 10'000;

constexpr connection::posting plain_grant_manner{.bound_to_server = true, .may_stall = true};
constexpr connection::posting plain_write_manner{.may_stall = true};

fault plain_out_of_memory() noexcept { return {fault_code::overloaded, "out of memory"}; }
fault too_contended() { return {fault_code::overloaded, "the key changes all the time"}; }

/// True for one caller in `retry_every`.
bool is_due(std::atomic<std::int64_t>& last_us) noexcept {
  const std::int64_t now_us = connection::now().time_since_epoch().count();
  std::int64_t last = last_us.load();
  if (last != INT64_MIN && now_us - last < retry_every.count()) return false;
  return last_us.compare_exchange_strong(last, now_us);
}

bool is_stub_of(const entry::token& held, std::string_view bytes) {
  const entry::decoded read = entry::decode(bytes);
  return read.format == entry::decoding::ours && read.head.kind == entry::kind::pending &&
         read.head.produced_by == held;
}

}  // namespace

struct plain_protocol::lease_attempt {
  std::string key;
  lease::lease_request request;
  bool tracked = false;
  then<lease::lease_reply> done;
  unsigned tries = 0;
};

struct plain_protocol::change_attempt {
  std::string key;
  entry::token held;
  std::function<std::optional<lease::key_change>(lease::stored_bytes, server_time)> decide;
  std::function<void(std::optional<fault>)> done;
  unsigned tries = 0;
};

plain_protocol::plain_protocol(connection::channel& main, known_server& known,
                               connection::settings with, std::function<void(const fault&)> tell)
    : main_{main}, known_{known}, tell_{std::move(tell)}, transactions_{std::move(with)} {}

bool plain_protocol::saw(const fault& why) noexcept {
  if (!lease::refuses_scripts(why)) return false;
  if (is_active_.load(std::memory_order_acquire)) {
    if (way_ == way::none && is_due(way_sought_at_us_)) way_ = way::unknown;
    return way_ != way::none;
  }
  try {
    const std::scoped_lock lock{mutex_};
    refusal_ = why.text;
  } catch (const std::bad_alloc&) {
    // The report leaves out the text of the server.
  }
  scripts_tried_at_us_ = connection::now().time_since_epoch().count();
  way_ = way::unknown;
  is_active_.store(true, std::memory_order_release);
  return true;
}

void plain_protocol::connection_is_new(const std::string& run_id) {
  way_ = way::unknown;
  scripts_tried_at_us_ = INT64_MIN;
  transactions_.server_is(run_id);
}

void plain_protocol::scripts_work() {
  is_active_.store(false, std::memory_order_release);
  const std::scoped_lock lock{mutex_};
  is_told_ = false;
  stubs_.clear();
}

// A renewal of a token that nobody has changes nothing.
void plain_protocol::try_scripts(std::string_view key) {
  if (!is_due(scripts_tried_at_us_)) return;
  std::string request;
  lease::write_renew(request, key, {}, milliseconds{1}, 0);
  main_.post(std::move(request), 1, [this](const replies& got) {
    if (!got || got->front().empty()) return;
    if (!got->front().root().is_error()) return scripts_work();
    try {
      if (lease::is_noscript(got->front())) load_scripts();
    } catch (const std::bad_alloc&) {
      // They are tried again later.
    }
  });
}

void plain_protocol::load_scripts() {
  std::string load;
  lease::write_load_scripts(load);
  const auto count = static_cast<unsigned>(lease::scripts().size());
  main_.post(std::move(load), count, [this](const replies& got) {
    if (!got) return;
    for (const resp::message& reply : *got) {
      if (reply.empty() || reply.root().is_error()) return;
    }
    scripts_work();
  });
}

std::optional<server_time> plain_protocol::earliest_now() const noexcept {
  const steady_time now = connection::now();
  const auto estimate = known_.time_at(now);
  const auto latest = known_.latest_at(now);
  if (!estimate || !latest) return std::nullopt;
  return *estimate - (*latest - *estimate);
}

// Without a stub, its entry is read first. Leases that were lost leave theirs behind.
void plain_protocol::remember(const entry::token& held, std::string_view bytes) noexcept {
  const std::scoped_lock lock{mutex_};
  stubs_.erase(held);
  if (bytes.empty()) return;
  try {
    if (stubs_.size() >= stubs_max) stubs_.clear();
    stubs_.emplace(held, bytes);
  } catch (const std::bad_alloc&) {
    // Its entry is read first.
  }
}

std::optional<std::string> plain_protocol::remembered(const entry::token& held) {
  const std::scoped_lock lock{mutex_};
  const auto at = stubs_.find(held);
  if (at == stubs_.end()) return std::nullopt;
  return at->second;
}

// TIME gives the first sample of the server's clock on this connection.
void plain_protocol::find_way(std::string_view key,
                              std::function<void(std::optional<fault>)> done) {
  base::seeded_random random{
      static_cast<std::uint64_t>(connection::now().time_since_epoch().count())};
  std::string text(entry::token::size, 'x');
  for (char& c : text) c = static_cast<char>(1 + random.next() % 255);
  std::string request;
  lease::write_time(request);
  lease::write_comparison_probe(request, key, entry::token::from(text));
  const steady_time sent = connection::now();
  main_.post(
      std::move(request), 2,
      [this, sent, key = std::string{key}, done = std::move(done)](replies got) {
        try {
          if (!got) return done(got.error());
          const result<server_time> at = lease::read_time((*got)[0]);
          if (!at) return done(at.error());
          known_.add_sample({.sent = sent, .received = connection::now(), .server = *at});
          const result<bool> compares = lease::read_comparison_probe((*got)[1]);
          if (!compares) return done(compares.error());
          if (*compares) {
            have_found(way::comparing);
            return done(std::nullopt);
          }
          transactions_.run(
              key, [](lease::stored_bytes) { return std::nullopt; },
              [this, done](const result<transaction_end>& how) {
                const bool is_refused = !how && how.error().code == fault_code::unsupported;
                // A key of another type is a reply to GET: the transaction itself works.
                const bool works = how || how.error().code == fault_code::corrupt;
                if (!works && !is_refused) return done(how.error());
                have_found(works ? way::transactions : way::none);
                done(std::nullopt);
              });
        } catch (const std::bad_alloc&) {
          done(plain_out_of_memory());
        }
      },
      plain_write_manner);
}

void plain_protocol::have_found(way which) noexcept {
  way_ = which;
  way_sought_at_us_ = connection::now().time_since_epoch().count();
  try {
    std::string text;
    {
      const std::scoped_lock lock{mutex_};
      if (std::exchange(is_told_, true)) return;
      text = refusal_;
    }
    text += which == way::comparing      ? ": leases use SET IFEQ instead of scripts"
            : which == way::transactions ? ": leases use WATCH and MULTI instead of scripts"
                                         : ": there are no leases, because the server has neither "
                                           "scripts, SET IFEQ nor transactions";
    tell_({fault_code::unsupported, std::move(text)});
  } catch (const std::bad_alloc&) {
    // It is told for the next connection.
    const std::scoped_lock lock{mutex_};
    is_told_ = false;
  }
}

fault plain_protocol::refused() {
  const std::scoped_lock lock{mutex_};
  return {fault_code::unsupported, refusal_};
}

void plain_protocol::publish(std::string_view wake_channel) {
  try {
    std::string request;
    lease::write_publish(request, wake_channel);
    main_.post(std::move(request), 1, [](const replies&) {});
  } catch (const std::bad_alloc&) {
    // The waiters ask when the lease ends.
  }
}

void plain_protocol::lease(const lease::lease_request& request, bool tracked,
                           then<lease::lease_reply> done) {
  auto run = std::make_shared<lease_attempt>(
      lease_attempt{std::string{request.value_key}, request, tracked, std::move(done)});
  run->request.value_key = run->key;
  try_scripts(run->key);
  ask(run);
}

void plain_protocol::ask(const lease_run& run) {
  const way known = way_;
  if (known == way::none) return run->done(refused());
  const auto now = earliest_now();
  if (known == way::unknown || !now) {
    return find_way(run->key, [this, run](std::optional<fault> why) {
      if (why) return run->done(*std::move(why));
      ask_again(run);
    });
  }
  lease::key_change stub = lease::pending_stub(run->request, *now);
  std::string request;
  lease::write_plain_grant(request, run->key, stub, run->tracked);
  const steady_time sent = connection::now();
  main_.post(
      std::move(request), lease::plain_grant_replies(run->tracked),
      [this, run, stub = std::move(stub.bytes), sent](replies got) {
        asked(run, stub, sent, std::move(got));
      },
      plain_write_manner);
}

void plain_protocol::asked(const lease_run& run, const std::string& stub, steady_time sent,
                           replies got) {
  try {
    if (!got) return run->done(got.error());
    result<lease::plain_grant> read = lease::read_plain_grant(*got);
    if (!read) return run->done(read.error());
    known_.add_sample({.sent = sent, .received = connection::now(), .server = read->now});
    if (!read->stored) remember(run->request.attempt, stub);
    if (!read->stored) {
      return run->done(lease::lead_reply(read->now, 0));
    }
    lease_decision decided = lease::decide_lease(run->request, *read->stored, read->now);
    if (decided.change) return take(run, *read->stored, std::move(decided));
    const bool must_look_again =
        decided.reply.outcome == lease::lease_outcome::wait && !read->is_watched;
    if (must_look_again) return ask_again(run);
    run->done(std::move(decided.reply));
  } catch (const std::bad_alloc&) {
    run->done(plain_out_of_memory());
  }
}

// The lease is taken over from an entry that stands in the way. A key that has vanished meanwhile
// is granted by SET NX, and a wait needs tracking, so both ask again.
void plain_protocol::take(const lease_run& run, const std::string& stored, lease_decision decided) {
  if (way_ == way::transactions) return take_in_transaction(run);
  std::string request;
  lease::write_compared(request, run->key, stored, *decided.change);
  main_.post(
      std::move(request), 1,
      [this, run, decided = std::move(decided)](const replies& got) mutable {
        try {
          if (!got) return run->done(got.error());
          const result<bool> is_changed = lease::read_compared(got->front());
          if (!is_changed) return run->done(is_changed.error());
          if (!*is_changed) return ask_again(run);
          remember(run->request.attempt, decided.change->bytes);
          run->done(std::move(decided.reply));
        } catch (const std::bad_alloc&) {
          run->done(plain_out_of_memory());
        }
      },
      plain_write_manner);
}

void plain_protocol::take_in_transaction(const lease_run& run) {
  const auto reply = std::make_shared<lease::lease_reply>();
  transactions_.run(
      run->key,
      [this, run, reply](lease::stored_bytes bytes) -> std::optional<lease::key_change> {
        const auto now = earliest_now();
        if (!now || !bytes) return std::nullopt;
        lease_decision decided = lease::decide_lease(run->request, bytes, *now);
        *reply = std::move(decided.reply);
        return std::move(decided.change);
      },
      [this, run, reply](const result<transaction_end>& how) {
        if (!how) return run->done(how.error());
        if (*how != transaction_end::changed) return ask_again(run);
        run->done(std::move(*reply));
      });
}

void plain_protocol::ask_again(const lease_run& run) {
  try {
    if (++run->tries > tries_max) return run->done(too_contended());
    ask(run);
  } catch (const std::bad_alloc&) {
    run->done(plain_out_of_memory());
  }
}

template <class Reply>
void plain_protocol::change(std::string_view key, const entry::token& held, decider<Reply> decide,
                            std::string_view wake_channel, then<Reply> done) {
  auto decided = std::make_shared<lease::plain_decision<Reply>>();
  auto run = std::make_shared<change_attempt>();
  run->key = key;
  run->held = held;
  run->decide = [decided, decide = std::move(decide)](lease::stored_bytes bytes, server_time now) {
    *decided = decide(bytes, now);
    return std::exchange(decided->change, std::nullopt);
  };
  run->done = [this, decided, channel = std::string{wake_channel},
               done = std::move(done)](std::optional<fault> why) {
    if (why) return done(*std::move(why));
    if (decided->wakes && !channel.empty()) publish(channel);
    done(std::move(decided->reply));
  };
  go_on(run);
}

void plain_protocol::go_on(const change_run& run) {
  const way known = way_;
  if (known == way::none) return run->done(refused());
  if (known == way::unknown || !earliest_now()) {
    return find_way(run->key, [this, run](std::optional<fault> why) {
      if (why) return run->done(std::move(why));
      try_again(run);
    });
  }
  if (known == way::transactions) return transact(run);
  if (auto stub = remembered(run->held)) return compare(run, *std::move(stub));
  read(run);
}

void plain_protocol::try_again(const change_run& run) {
  try {
    if (++run->tries > tries_max) return run->done(too_contended());
    go_on(run);
  } catch (const std::bad_alloc&) {
    run->done(plain_out_of_memory());
  }
}

void plain_protocol::read(const change_run& run) {
  std::string request;
  lease::write_get(request, run->key);
  main_.post(
      std::move(request), 1,
      [this, run](replies got) {
        try {
          if (!got) return run->done(got.error());
          auto stored = lease::read_get(std::move(got->front()));
          if (!stored) return run->done(stored.error());
          if (*stored) return compare(run, **std::move(stored));
          const auto now = earliest_now();
          if (!now) return try_again(run);
          // No decision about a missing key changes it.
          static_cast<void>(run->decide(std::nullopt, *now));
          run->done(std::nullopt);
        } catch (const std::bad_alloc&) {
          run->done(plain_out_of_memory());
        }
      },
      plain_grant_manner);
}

void plain_protocol::compare(const change_run& run, std::string expected) {
  const auto now = earliest_now();
  if (!now) return try_again(run);
  const std::optional<lease::key_change> change = run->decide(expected, *now);
  if (!change) return run->done(std::nullopt);
  std::string request;
  lease::write_compared(request, run->key, expected, *change);
  const bool is_pending = is_stub_of(run->held, change->bytes);
  main_.post(
      std::move(request), 1,
      [this, run, stub = is_pending ? change->bytes : std::string{}](const replies& got) {
        try {
          if (!got) return run->done(got.error());
          const result<bool> is_changed = lease::read_compared(got->front());
          if (!is_changed) return run->done(is_changed.error());
          remember(run->held, *is_changed ? stub : std::string_view{});
          if (*is_changed) return run->done(std::nullopt);
          try_again(run);
        } catch (const std::bad_alloc&) {
          run->done(plain_out_of_memory());
        }
      },
      plain_grant_manner);
}

void plain_protocol::transact(const change_run& run) {
  transactions_.run(
      run->key,
      [this, run](lease::stored_bytes bytes) -> std::optional<lease::key_change> {
        const auto now = earliest_now();
        if (!now) return std::nullopt;
        return run->decide(bytes, *now);
      },
      [this, run](const result<transaction_end>& how) {
        if (!how) return run->done(how.error());
        if (*how == transaction_end::lost) return try_again(run);
        run->done(std::nullopt);
      });
}

template void plain_protocol::change<lease::step_reply>(std::string_view, const entry::token&,
                                                        decider<lease::step_reply>,
                                                        std::string_view, then<lease::step_reply>);
template void plain_protocol::change<lease::fill_reply>(std::string_view, const entry::token&,
                                                        decider<lease::fill_reply>,
                                                        std::string_view, then<lease::fill_reply>);

}  // namespace drover::store
