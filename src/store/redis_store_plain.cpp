// SPDX-License-Identifier: MIT
// The requests for servers that refuse scripts: they have the same results as the scripts. See
// store/plain_protocol.hpp.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include "store/redis_store.hpp"

namespace drover::store {
namespace {

/// Waits for a number of results.
class awaited_steps {
 public:
  explicit awaited_steps(std::size_t count) : left_{count} {}
  void set(const result<lease::step_reply>& reply) {
    const std::scoped_lock lock{mutex_};
    if (!reply && !why_) why_ = reply.error();
    if (--left_ == 0) all_came_.notify_one();
  }
  [[nodiscard]] std::optional<fault> wait() {
    std::unique_lock lock{mutex_};
    all_came_.wait(lock, [this] { return left_ == 0; });
    return why_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_came_;
  std::size_t left_;
  std::optional<fault> why_;
};

/// The views of a request point into the strings.
struct owned_fill {
  explicit owned_fill(const lease::fill_request& of) : payload{of.payload}, request{of} {
    request.payload = payload;
    request.value_key = {};
    request.wake_channel = {};
  }
  owned_fill(const owned_fill&) = delete;
  owned_fill& operator=(const owned_fill&) = delete;
  std::string payload;
  lease::fill_request request;
};

struct owned_failure {
  explicit owned_failure(const lease::failure_request& of) : text{of.text}, request{of} {
    request.text = text;
    request.value_key = {};
    request.wake_channel = {};
  }
  owned_failure(const owned_failure&) = delete;
  owned_failure& operator=(const owned_failure&) = delete;
  std::string text;
  lease::failure_request request;
};

}  // namespace

// The faults of replies have the same consequences as those of scripts.
template <class Reply>
then<Reply> redis_store::noted(request_kind request, then<Reply> done) {
  return [this, request, done = std::move(done)](result<Reply> reply) {
    if (reply) {
      refusals_.succeeded(request);
    } else {
      if (reply.error().text.starts_with("READONLY")) distrust(reply.error());
      if (reply.error().code == fault_code::corrupt) verify_later();
      note_refusal(request, reply.error());
    }
    done(std::move(reply));
  };
}

then<lease::lease_reply> redis_store::without_scripts(const lease::lease_request& request,
                                                      bool tracked, then<lease::lease_reply> done) {
  return [this, key = std::string{request.value_key}, request, tracked,
          done = std::move(done)](result<lease::lease_reply> reply) {
    // After NOSCRIPT, too: loading the script was refused.
    const bool is_refused =
        !reply && plain_.is_active() && reply.error().code == fault_code::unsupported;
    if (!is_refused) return done(std::move(reply));
    lease::lease_request again = request;
    again.value_key = key;
    try {
      plain_lease(again, tracked, done);
    } catch (const std::bad_alloc&) {
      done(out_of_memory());
    }
  };
}

void redis_store::plain_lease(const lease::lease_request& request, bool tracked,
                              then<lease::lease_reply> done) {
  plain_.lease(request, tracked, noted(request_kind::lease, std::move(done)));
}

void redis_store::plain_fill(const lease::fill_request& request, then<lease::fill_reply> done) {
  const auto owned = std::make_shared<owned_fill>(request);
  plain_.change<lease::fill_reply>(
      request.value_key, request.expected,
      [owned](lease::stored_bytes stored, server_time at) {
        return lease::decide_fill(owned->request, stored, at);
      },
      request.wake_channel, noted(request_kind::fill, std::move(done)));
}

void redis_store::plain_fail(const lease::failure_request& request, then<lease::step_reply> done) {
  const auto owned = std::make_shared<owned_failure>(request);
  plain_step(
      request.value_key, request.held, request.wake_channel,
      [owned](lease::stored_bytes stored, server_time at) {
        return lease::decide_failure(owned->request, stored, at);
      },
      std::move(done));
}

void redis_store::plain_step(std::string_view key, const entry::token& held,
                             std::string_view wake_channel,
                             plain_protocol::decider<lease::step_reply> decide,
                             then<lease::step_reply> done) {
  plain_.change<lease::step_reply>(key, held, std::move(decide), wake_channel,
                                   noted(request_kind::lease, std::move(done)));
}

result<void> redis_store::plain_expire(std::span<const std::string> value_keys,
                                       std::span<const std::string> refresh_mark_keys,
                                       const entry::token_source& new_token) {
  const auto steps = std::make_shared<awaited_steps>(value_keys.size());
  for (const std::string& key : value_keys) {
    const auto set = [steps](const result<lease::step_reply>& reply) { steps->set(reply); };
    try {
      plain_step(
          key, {}, {},
          [fresh = new_token()](lease::stored_bytes stored, server_time at) {
            return lease::decide_expire(fresh, stored, at);
          },
          set);
    } catch (const std::bad_alloc&) {
      set(out_of_memory());
    }
  }
  if (auto why = steps->wait()) return *std::move(why);
  return invalidate(refresh_mark_keys);
}

template then<lease::lease_reply> redis_store::noted(request_kind, then<lease::lease_reply>);
template then<lease::fill_reply> redis_store::noted(request_kind, then<lease::fill_reply>);
template then<lease::step_reply> redis_store::noted(request_kind, then<lease::step_reply>);

}  // namespace drover::store
