// SPDX-License-Identifier: MIT
// A pool of connections to a database. Each running query has its own connection. The pool opens
// `ready` connections at the start, and another when none is free. It keeps at most `ready` idle
// connections open, or `idle_at_least` if that is more.
//
// Threads: any. The pool must outlive its leases.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace drover::simulate {

/// `Connection` must have a function is_usable(), which says whether it can be used again.
template <class Connection>
class connection_pool {
 public:
  using opener = std::function<std::unique_ptr<Connection>()>;

  connection_pool(opener open, unsigned ready)
      : open_{std::move(open)}, idle_max_{std::max(ready, idle_at_least)} {
    idle_.reserve(idle_max_);
    while (idle_.size() < ready) idle_.push_back(open_());
  }

  class lease {
   public:
    explicit lease(connection_pool& pool) : pool_{pool}, connection_{pool.take()} {}
    ~lease() {
      if (connection_->is_usable()) pool_.give_back(std::move(connection_));
    }
    lease(const lease&) = delete;
    lease& operator=(const lease&) = delete;

    [[nodiscard]] Connection& operator*() const noexcept { return *connection_; }
    [[nodiscard]] Connection* operator->() const noexcept { return connection_.get(); }

   private:
    connection_pool& pool_;
    std::unique_ptr<Connection> connection_;
  };

 private:
  static constexpr unsigned idle_at_least = 16;

  std::unique_ptr<Connection> take() {
    {
      const std::lock_guard held{guard_};
      if (!idle_.empty()) {
        std::unique_ptr<Connection> connection = std::move(idle_.back());
        idle_.pop_back();
        return connection;
      }
    }
    return open_();
  }

  /// Takes the connection unless enough are idle. The caller then closes it, outside the lock.
  void give_back(std::unique_ptr<Connection>&& connection) noexcept {
    const std::lock_guard held{guard_};
    if (idle_.size() < idle_max_) idle_.push_back(std::move(connection));
  }

  const opener open_;
  const unsigned idle_max_;
  std::mutex guard_;
  std::vector<std::unique_ptr<Connection>> idle_;  // guarded by guard_
};

}  // namespace drover::simulate
