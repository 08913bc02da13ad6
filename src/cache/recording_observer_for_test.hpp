// SPDX-License-Identifier: MIT
// Remembers the events it is told of. Threads: any.
#pragma once

#include <drover/observer.hpp>

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace drover::detail {

class recording_observer : public observer {
 public:
  struct told {
    event_kind what;
    std::string key;
    std::string text;
    fault_code code;
    std::string cache;
    duration took;
  };

  void on_event(const event& happened) override {
    const std::scoped_lock lock{mutex_};
    told_.push_back({happened.kind, std::string{happened.key}, std::string{happened.text},
                     happened.code, std::string{happened.cache}, happened.took});
  }
  [[nodiscard]] std::size_t count(event_kind what) const {
    const std::scoped_lock lock{mutex_};
    return static_cast<std::size_t>(std::count_if(
        told_.begin(), told_.end(), [&](const told& one) { return one.what == what; }));
  }
  /// The last one of this kind. Precondition: there is one.
  [[nodiscard]] told last(event_kind what) const {
    const std::scoped_lock lock{mutex_};
    return *std::find_if(told_.rbegin(), told_.rend(),
                         [&](const told& one) { return one.what == what; });
  }
  /// The words for the events of a key, in their order.
  [[nodiscard]] std::string story_of(std::string_view key) const {
    const std::scoped_lock lock{mutex_};
    std::string out;
    for (const told& one : told_) {
      if (one.key == key) out += (out.empty() ? "" : " ") + std::string{to_string(one.what)};
    }
    return out;
  }
  [[nodiscard]] std::vector<told> all() const {
    const std::scoped_lock lock{mutex_};
    return told_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<told> told_;
};

}  // namespace drover::detail
