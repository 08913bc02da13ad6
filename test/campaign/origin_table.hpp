// SPDX-License-Identifier: MIT
// The origin of the campaign: a table of versions in a mapped file, shared by all processes. It
// also holds what the driver tells the workers, and counters that outlive a killed worker.
//
// Threads: any, of any process.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "campaign/mapped_file.hpp"

namespace drover::campaign {

inline constexpr std::uint32_t cache_count = 2;
inline constexpr std::uint32_t keys_max = 1024;

enum class phase : std::uint32_t {
  running,
  settling,  ///< no more changes: all keys are read until the end
  stopped,
};

class origin_table {
 public:
  struct row {
    std::atomic<std::uint32_t> version;
    std::atomic<std::uint32_t> loads;
  };
  struct contents {
    std::atomic<campaign::phase> phase;
    std::atomic<std::uint64_t> load_ids;
    std::atomic<std::uint64_t> gets;  ///< that returned a value
    std::atomic<std::uint32_t> workers_ready;
    std::atomic<std::uint32_t> loads_at_once_max;  ///< 0: no limit
    std::atomic<std::uint32_t> loads_running;
    std::atomic<std::uint32_t> load_us;                 ///< the time of each load; 0: random times
    std::array<std::atomic<std::uint64_t>, 64> events;  ///< by drover::event_kind
    std::array<std::array<row, keys_max>, cache_count> rows;
  };

  explicit origin_table(const std::string& path) : file_{path, sizeof(contents)} {}

  [[nodiscard]] contents& data() const noexcept { return *static_cast<contents*>(file_.data()); }
  [[nodiscard]] row& of(std::uint32_t key) const noexcept;

 private:
  mapped_file file_;
};

/// Takes one of the places at the origin while it lives, if they are limited.
class origin_place {
 public:
  explicit origin_place(origin_table::contents& table);
  ~origin_place();
  origin_place(const origin_place&) = delete;
  origin_place& operator=(const origin_place&) = delete;

 private:
  origin_table::contents& table_;
  bool is_counted_ = false;
};

}  // namespace drover::campaign
