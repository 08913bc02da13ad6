// SPDX-License-Identifier: MIT
// The database behind the caches, shared by all processes, and the record of what happened to each
// of its rows: the versions that were written, the loads, and the invalidations that Redis
// acknowledged. Every value names its row, its version and its load, so that a reader sees at once
// whether it got the right one.
//
// Threads: one. Its memory counts as the harness's, also when a process calls it.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "world/play/plan.hpp"

namespace drover::world {

/// A key of one of the caches.
struct row {
  unsigned cache = 0;
  unsigned key = 0;
  friend auto operator<=>(const row&, const row&) = default;
};

[[nodiscard]] std::string key_text(unsigned key);
[[nodiscard]] std::string name_of(row named);
/// The key of the row's entry on the server.
[[nodiscard]] std::string value_key(row of);

struct load_record {
  row of;
  unsigned process = 0;
  unsigned thread = 0;  ///< of the simulated kernel
  virtual_time begin{};
  std::optional<virtual_time> end;
  std::uint32_t version = 0;
  bool has_failed = false;
  bool is_claimed = false;        ///< a caller was told that it loaded
  bool is_told_bypassed = false;  ///< ... that it loaded or shared it without Redis
  bool is_told_joined = false;    ///< ... of its process that it waited for it
  bool is_refresh = false;
  virtual_time granted{};         ///< as its process announced it
  bool is_without_redis = false;  ///< certainly: no other load of the row was granted beside it
  bool may_be_without_redis = false;
};

/// A value as the loaders return it.
struct parsed_value {
  row of;
  std::uint32_t version = 0;
  std::size_t load = 0;
};
[[nodiscard]] std::string value_text(row of, std::uint32_t version, std::size_t load);
[[nodiscard]] std::optional<parsed_value> parse_value(std::string_view text);

class origin {
 public:
  explicit origin(unsigned absent_percent) : absent_percent_{absent_percent} {}

  /// Returns the new version.
  std::uint32_t write(row changed);
  [[nodiscard]] std::uint32_t version(row of) const;
  [[nodiscard]] bool has_row(row of, std::uint32_t version) const noexcept;

  /// The number of the load.
  std::size_t begin_load(row of, unsigned process, virtual_time now);
  [[nodiscard]] load_record& load(std::size_t number) { return loads_[number]; }
  [[nodiscard]] const std::vector<load_record>& loads() const noexcept { return loads_; }
  void process_ended(unsigned process, virtual_time now);
  /// Whether a load of the row that ended at `since` or later has failed.
  [[nodiscard]] bool has_failed_load(row of, virtual_time since) const noexcept;

  /// Every fresh value that a call returns from now on has at least this version.
  void acknowledge(row invalidated, std::uint32_t version);
  [[nodiscard]] std::uint32_t floor(row of) const;
  /// A call that may invalidate or expire the key begins, or has ended.
  void begin_change(row of, unsigned process);
  void end_change(row of, unsigned process, virtual_time now);
  /// Whether such a call ran at `since` or later.
  [[nodiscard]] bool has_changed(row of, virtual_time since) const;

 private:
  unsigned absent_percent_;
  std::map<row, std::uint32_t> versions_;
  std::map<row, std::uint32_t> floors_;
  struct changes {
    std::map<unsigned, unsigned> running;  ///< by process
    virtual_time last_end{-1};
  };
  std::map<row, changes> changes_;
  std::vector<load_record> loads_;
};

}  // namespace drover::world
