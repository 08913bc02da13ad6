// SPDX-License-Identifier: MIT
// The records of one process, in a mapped file. A record is written when its operation begins, and
// completed when it ends, so a killed process leaves the operations that it was in.
//
// Threads: any. A record belongs to the thread that began it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "campaign/mapped_file.hpp"
#include "history/record.hpp"

namespace drover::campaign {

[[nodiscard]] std::uint64_t now_ns();

class record_file {
 public:
  record_file(const std::string& path, std::uint32_t process);

  /// Begins now. nullptr: the file is full.
  [[nodiscard]] history::record* begin(history::record fields);
  /// Ends now. Does nothing for nullptr.
  static void end(history::record* begun, history::outcome how);
  [[nodiscard]] bool is_full() const noexcept { return used().load() >= records_max; }

  [[nodiscard]] static std::vector<history::record> read(const std::string& path);

 private:
  static constexpr std::uint64_t records_max = 2'000'000;
  static constexpr std::size_t header_size = 64;

  [[nodiscard]] std::atomic<std::uint64_t>& used() const noexcept {
    return *static_cast<std::atomic<std::uint64_t>*>(file_.data());
  }

  std::uint32_t process_;
  mapped_file file_;
};

}  // namespace drover::campaign
