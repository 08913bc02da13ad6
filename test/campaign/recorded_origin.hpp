// SPDX-License-Identifier: MIT
// The loads and writes of one worker at the origin, recorded.
//
// Threads: any.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "campaign/origin_table.hpp"
#include "campaign/record_file.hpp"
#include "campaign/worker_plan.hpp"

namespace drover::campaign {

/// The exception of a load that fails.
struct origin_failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class recorded_origin {
 public:
  explicit recorded_origin(const worker_plan& plan)
      : plan_{plan}, table_{plan.origin_path()}, records_{plan.record_path(), plan.process} {}

  /// Reads the version and then takes its time, so the result may be old when it is returned.
  /// `flags` and `grant_age_ms` are for the record.
  [[nodiscard]] std::string load(std::uint32_t key, std::uint8_t flags, std::uint32_t grant_age_ms);
  /// Returns the new version.
  std::uint32_t write(std::uint32_t key);

  [[nodiscard]] origin_table::contents& table() const noexcept { return table_.data(); }
  [[nodiscard]] record_file& records() noexcept { return records_; }

 private:
  void take_time(std::uint64_t load_id) const;

  const worker_plan& plan_;
  origin_table table_;
  record_file records_;
};

}  // namespace drover::campaign
