// SPDX-License-Identifier: MIT
// Drives a stream by a sequence of choices, and compares it with a simple model. Request i asks for
// replies that carry its number, and each request checks that the replies it gets are its own. Some
// replies are too long: only their requests fault.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "connection/stream.hpp"

namespace drover::connection {

class stream_world {
 public:
  /// `choose(n)` returns a number below n. Returns "" or a description of the error.
  [[nodiscard]] std::string run(std::size_t steps,
                                const std::function<std::size_t(std::size_t)>& choose) {
    for (std::size_t i = 0; i < steps && wrong_.empty(); ++i) {
      switch (choose(8)) {
        case 0:
        case 1: append(choose); break;
        case 2:
        case 3:
        case 4: feed(choose); break;
        case 5: abandon(choose); break;
        case 6: push(); break;
        case 7: write_out(choose); break;
      }
    }
    if (choose(2) == 0) {
      finish_all();
    } else {
      fail_all();
    }
    for (const auto& appended : all_) {
      if (appended->ends + (appended->left ? 1U : 0U) != 1)
        complain("a slot left " + std::to_string(appended->ends) + " times");
    }
    return wrong_;
  }

 private:
  struct item : slot {
    std::size_t number = 0;
    std::vector<resp::message> storage;
    std::size_t ends = 0;
    bool has_long_reply = false;
    bool left = false;
  };
  static constexpr std::size_t reply_max = 20;

  void append(const std::function<std::size_t(std::size_t)>& choose) {
    auto next = std::make_unique<item>();
    next->number = all_.size();
    next->storage.resize(1 + choose(3));
    next->replies = next->storage;
    next->blocks = choose(2) == 0;
    if (!traffic_.append("request", *next)) return complain("refused");
    for (std::size_t i = 0; i < next->storage.size(); ++i) {
      const std::string text = std::to_string(next->number) + "." + std::to_string(i);
      if (choose(16) == 0) {
        next->has_long_reply = true;
        server_ +=
            "$" + std::to_string(reply_max + 1) + "\r\n" + std::string(reply_max + 1, 'x') + "\r\n";
        continue;
      }
      server_ += choose(4) == 0 ? "-" + text + "\r\n"
                                : "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
    }
    all_.push_back(std::move(next));
  }

  void feed(const std::function<std::size_t(std::size_t)>& choose) {
    const std::size_t bytes = choose(server_.size() + 1);
    take(bytes);
  }

  void take(std::size_t bytes) {
    arrivals came;
    if (!traffic_.take_in(std::string_view{server_}.substr(0, bytes), came)) complain("broken");
    server_.erase(0, bytes);
    pushes_seen_ += came.pushes.size();
    while (slot* const ended = came.ended.pop_front()) {
      auto& done = static_cast<item&>(*ended);
      ++done.ends;
      if (done.left) complain("an abandoned slot was ended");
      if (done.number < last_ended_) complain("out of order");
      last_ended_ = done.number;
      if (done.too_long != done.has_long_reply)
        complain("a long reply was not told, or another was");
      for (std::size_t i = 0; i < done.storage.size(); ++i) {
        const std::string want = std::to_string(done.number) + "." + std::to_string(i);
        if (done.has_long_reply && done.storage[i].empty()) continue;
        if (done.storage[i].empty() || done.storage[i].root().text() != want) {
          complain("another's reply instead of " + want);
        }
      }
    }
  }

  void abandon(const std::function<std::size_t(std::size_t)>& choose) {
    std::vector<item*> due;
    for (const auto& candidate : all_) {
      if (candidate->ends == 0 && !candidate->left) due.push_back(candidate.get());
    }
    if (due.empty()) return;
    item& abandoned = *due[choose(due.size())];
    traffic_.abandon(abandoned);
    abandoned.left = true;
    abandoned.storage.clear();  // the memory of the owner is gone, too
  }

  void push() {
    // The server sends a push between two replies only, never inside one.
    server_ += ">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n";
    ++pushes_sent_;
  }

  void write_out(const std::function<std::size_t(std::size_t)>& choose) {
    std::string out;
    traffic_.take_output(out);
    const std::size_t part = choose(out.size() + 1);
    traffic_.wrote(part);
    traffic_.wrote(out.size() - part);
  }

  void finish_all() {
    take(server_.size());
    if (traffic_.due() != 0) complain("replies are due that nobody will send");
    if (pushes_seen_ != pushes_sent_) complain("a push was lost");
    if (traffic_.blocking() + traffic_.posted() != 0) complain("a slot is left");
  }

  void fail_all() {
    slot_list failed;
    traffic_.fail_all(failed);
    while (slot* const slot_failed = failed.pop_front()) ++static_cast<item&>(*slot_failed).ends;
    if (!traffic_.is_broken()) complain("not broken after its end");
  }

  void complain(std::string complaint) {
    if (wrong_.empty()) wrong_ = std::move(complaint);
  }

  stream traffic_{stream_limits{.reply_max = reply_max}};
  std::vector<std::unique_ptr<item>> all_;
  std::string server_;
  std::size_t last_ended_ = 0;
  std::size_t pushes_sent_ = 0;
  std::size_t pushes_seen_ = 0;
  std::string wrong_;
};

}  // namespace drover::connection
