// SPDX-License-Identifier: MIT
// The server of the simulated world: the model of Redis with a clock of its own, which may be down
// or frozen. What arrives while it is frozen waits for it.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "world/redis_model.hpp"
#include "world/system/kernel.hpp"

namespace drover::world {

class server {
 public:
  explicit server(kernel& on, std::string password = {})
      : kernel_{on}, model_{settings_at(microseconds{first_moment}, std::move(password))} {}

  [[nodiscard]] redis_model& model() noexcept { return model_; }
  [[nodiscard]] bool is_up() const noexcept { return is_up_; }
  [[nodiscard]] bool is_frozen() const noexcept { return is_frozen_; }
  /// The time of day on the server, since 1970.
  [[nodiscard]] microseconds clock() const {
    return microseconds{first_moment} + clock_step_ +
           std::chrono::duration_cast<microseconds>(kernel_.now());
  }
  void step_clock(microseconds by) { clock_step_ += by; }

  /// Runs `work` now, or when the server is no longer frozen.
  void when_running(std::function<void()> work) {
    if (is_frozen_) {
      waiting_.push_back(std::move(work));
    } else {
      work();
    }
  }
  void freeze() noexcept { is_frozen_ = true; }
  void thaw() {
    is_frozen_ = false;
    for (const auto& work : std::exchange(waiting_, {})) work();
  }
  void crash() noexcept {
    is_up_ = false;
    is_frozen_ = false;
    waiting_.clear();
  }
  /// Runs a request of another client: its bytes.
  void command(std::string_view request) {
    connection other = model_.connect();
    other.receive(request, clock());
    other.close();
  }
  /// Starts again with the keys that it had, with those of `snapshot`, or with none.
  void start(redis_model::data remaining, const std::optional<redis_model>& snapshot) {
    if (snapshot) model_.restore_keys(*snapshot);
    model_.restart(remaining, "run" + std::to_string(++starts_) + std::string(36, '0'), clock());
    is_up_ = true;
  }

 private:
  static constexpr std::int64_t first_moment = 1'700'000'000'000'000;

  static server_settings settings_at(microseconds moment, std::string password) {
    server_settings made;
    made.password = std::move(password);
    made.started = moment - std::chrono::hours{1};
    return made;
  }

  kernel& kernel_;
  redis_model model_;
  microseconds clock_step_{};
  std::vector<std::function<void()>> waiting_;
  bool is_up_ = true;
  bool is_frozen_ = false;
  unsigned starts_ = 0;
};

}  // namespace drover::world
