// SPDX-License-Identifier: MIT
#include "store/transactions.hpp"

#include <new>
#include <system_error>
#include <utility>

#include "lease/plain_commands.hpp"

namespace drover::store {
namespace {

/// How often a transaction begins anew because its connection was lost before its change was sent.
constexpr unsigned begins_max = 3;
/// How many transactions may wait for their turn.
constexpr std::size_t waiting_max = 10'000;

fault no_memory() noexcept { return {fault_code::overloaded, "out of memory"}; }
fault stopped() { return {fault_code::unreachable, "the client is being destroyed"}; }

fault no_descriptor() noexcept {
  try {
    return {fault_code::overloaded, "no file descriptor or thread for a second connection"};
  } catch (...) {
    return no_memory();
  }
}

connection::settings for_transactions(connection::settings with) {
  with.on_connect.clear();
  with.on_connect_replies = 0;
  with.spin = false;
  return with;
}

}  // namespace

transactions::transactions(connection::settings with) : with_{for_transactions(std::move(with))} {}

void transactions::make_channel() {
  if (channel_ != nullptr) return;
  channel_ = std::make_unique<connection::channel>(
      with_, connection::handlers{.up = [this](const connection::greeting& hello) {
        const std::scoped_lock lock{mutex_};
        own_run_id_ = hello.run_id;
      }});
}

void transactions::server_is(const std::string& run_id) {
  const std::scoped_lock lock{mutex_};
  main_run_id_ = run_id;
}

void transactions::rest() noexcept {
  const std::scoped_lock lock{mutex_};
  if (channel_ != nullptr) channel_->rest();
}

void transactions::credentials_changed() noexcept {
  const std::scoped_lock lock{mutex_};
  if (channel_ != nullptr) channel_->credentials_changed();
}

bool transactions::leads_elsewhere() {
  const std::scoped_lock lock{mutex_};
  return !main_run_id_.empty() && !own_run_id_.empty() && main_run_id_ != own_run_id_;
}

void transactions::stop() {
  std::unique_ptr<connection::channel> ending;
  std::deque<running> left;
  {
    std::unique_lock lock{mutex_};
    is_stopped_ = true;
    left.swap(waiting_);
    is_unused_.wait(lock, [this] { return users_ == 0; });
    ending = std::move(channel_);
  }
  for (const running& item : left) item->done(stopped());
}

void transactions::run(std::string key, decider decide, ended done) {
  auto item = std::make_shared<transaction>(
      transaction{std::move(key), std::move(decide), std::move(done)});
  std::optional<fault> why;
  {
    const std::scoped_lock lock{mutex_};
    if (is_stopped_) {
      why = stopped();
    } else if (waiting_.size() >= waiting_max) {
      why = fault{fault_code::overloaded, "too many transactions wait"};
    } else {
      waiting_.push_back(item);
      if (std::exchange(is_busy_, true)) return;
    }
  }
  if (why) return item->done(*std::move(why));
  begin_next();
}

// A transaction that cannot begin ends here, so that many of them take no stack.
void transactions::begin_next() {
  while (const running next = take_next()) {
    std::optional<fault> why = begin(next);
    if (!why) return;
    next->done(*std::move(why));
  }
}

transactions::running transactions::take_next() {
  running next;
  {
    const std::scoped_lock lock{mutex_};
    if (waiting_.empty()) {
      is_busy_ = false;
      return nullptr;
    }
    next = std::move(waiting_.front());
    waiting_.pop_front();
  }
  return next;
}

void transactions::finish(const running& now, result<transaction_end> how) {
  now->done(std::move(how));
  begin_next();
}

bool transactions::post(std::string request, unsigned due, connection::completion done,
                        std::uint64_t only_epoch) {
  {
    const std::scoped_lock lock{mutex_};
    if (is_stopped_) return false;
    make_channel();
    ++users_;
  }
  const auto leave = [this] {
    const std::scoped_lock lock{mutex_};
    if (--users_ == 0) is_unused_.notify_all();
  };
  try {
    channel_->post(std::move(request), due, std::move(done),
                   {.may_stall = true, .only_epoch = only_epoch});
  } catch (...) {
    leave();
    throw;
  }
  leave();
  return true;
}

// The whole transaction is bound to one connection, so there must be one before it begins.
std::optional<fault> transactions::begin(const running& now) noexcept {
  try {
    std::uint64_t epoch = 0;
    {
      const std::scoped_lock lock{mutex_};
      if (channel_ != nullptr) epoch = channel_->epoch();
    }
    const bool is_sent = epoch != 0 ? read(now, epoch) : connect(now);
    return is_sent ? std::nullopt : std::optional{stopped()};
  } catch (const std::system_error&) {
    return no_descriptor();
  } catch (...) {
    return no_memory();
  }
}

void transactions::begin_again(const running& now) {
  if (auto why = begin(now)) finish(now, *std::move(why));
}

bool transactions::connect(const running& now) {
  std::string ping;
  lease::write_ping(ping, 1);
  return post(
      std::move(ping), 1,
      [this, now](const replies& got) {
        if (!got) return finish(now, got.error());
        if (++now->attempts > begins_max) {
          return finish(now, fault{fault_code::unreachable, "the connection was lost again"});
        }
        begin_again(now);
      },
      0);
}

bool transactions::read(const running& now, std::uint64_t epoch) {
  std::string request;
  lease::write_watched_read(request, now->key);
  return post(
      std::move(request), 3,
      [this, now, epoch](replies got) { have_read(now, epoch, std::move(got)); }, epoch);
}

void transactions::have_read(const running& now, std::uint64_t epoch, replies got) {
  try {
    if (!got) {
      // Nothing was changed yet. The connection may have ended while it was unused.
      const bool is_lost =
          got.error().code == fault_code::superseded || got.error().code == fault_code::unreachable;
      if (is_lost && ++now->attempts <= begins_max) return begin_again(now);
      return finish(now, got.error());
    }
    lease::watched_read was = lease::read_watched(*got);
    if (!was.stored || leads_elsewhere()) {
      if (was.is_open) discard(epoch);
      if (!was.stored) return finish(now, was.stored.error());
      return finish(now, fault{fault_code::superseded, "the server is another one"});
    }
    const std::optional<std::string>& bytes = *was.stored;
    const std::optional<lease::key_change> change =
        now->decide(bytes ? lease::stored_bytes{*bytes} : std::nullopt);
    if (change) return commit(now, epoch, *change);
    discard(epoch);
    finish(now, transaction_end::unchanged);
  } catch (...) {
    // MULTI is open, and the next transaction must not begin inside it.
    {
      const std::scoped_lock lock{mutex_};
      if (channel_ != nullptr) channel_->distrust(epoch, {fault_code::corrupt, {}});
    }
    finish(now, no_memory());
  }
}

void transactions::commit(const running& now, std::uint64_t epoch,
                          const lease::key_change& change) {
  std::string request;
  lease::write_commit(request, now->key, change);
  const bool is_sent = post(
      std::move(request), 2,
      [this, now](const replies& got) {
        if (!got) return finish(now, got.error());
        const result<bool> made = lease::read_committed(*got);
        if (!made) return finish(now, made.error());
        finish(now, *made ? transaction_end::changed : transaction_end::lost);
      },
      epoch);
  if (!is_sent) finish(now, stopped());
}

void transactions::discard(std::uint64_t epoch) {
  std::string request;
  lease::write_discard(request);
  static_cast<void>(post(
      std::move(request), 1, [](const replies&) {}, epoch));
}

}  // namespace drover::store
