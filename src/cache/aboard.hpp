// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <utility>

#include "cache/core.hpp"

namespace drover::detail {

/// A caller on a flight: goes when it leaves the scope.
class aboard {
 public:
  aboard(core& on, core::boarding made) : core_{on}, made_{std::move(made)} {}
  ~aboard() { core_.leave(made_.flight); }
  aboard(const aboard&) = delete;
  aboard& operator=(const aboard&) = delete;

  [[nodiscard]] const flight_ptr& flight() const noexcept { return made_.flight; }
  [[nodiscard]] std::uint64_t stamp() const noexcept { return made_.stamp; }

 private:
  core& core_;
  core::boarding made_;
};

}  // namespace drover::detail
