// SPDX-License-Identifier: MIT
// Remembers the events it receives. Threads: any.
#pragma once

#include <drover/observer.hpp>

#include <algorithm>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "support/told_texts.hpp"

namespace drover::detail {

class recording_observer : public observer {
 public:
  struct record {
    event_kind kind;
    std::string key;
    std::string text;
    fault_code code;
    std::string cache;
    duration took;
  };

  void on_event(const event& happened) override {
    test::keep_text(happened.text);
    const std::scoped_lock lock{mutex_};
    records_.push_back({happened.kind, std::string{happened.key}, std::string{happened.text},
                        happened.code, std::string{happened.cache}, happened.took});
  }
  [[nodiscard]] std::size_t count(event_kind kind) const {
    const std::scoped_lock lock{mutex_};
    return static_cast<std::size_t>(
        std::count_if(records_.begin(), records_.end(),
                      [&](const record& recorded) { return recorded.kind == kind; }));
  }
  /// The last event of this kind. Precondition: there is one.
  [[nodiscard]] record last(event_kind kind) const {
    const std::scoped_lock lock{mutex_};
    return *std::find_if(records_.rbegin(), records_.rend(),
                         [&](const record& recorded) { return recorded.kind == kind; });
  }
  /// The names of the events of a key, in order.
  [[nodiscard]] std::string story_of(std::string_view key) const {
    const std::scoped_lock lock{mutex_};
    std::string out;
    for (const record& recorded : records_) {
      if (recorded.key == key)
        out += (out.empty() ? "" : " ") + std::string{to_string(recorded.kind)};
    }
    return out;
  }
  [[nodiscard]] std::vector<record> all() const {
    const std::scoped_lock lock{mutex_};
    return records_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<record> records_;
};

}  // namespace drover::detail
