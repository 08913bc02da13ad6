// SPDX-License-Identifier: MIT
// Options for tests on a busy machine: only a server that hangs exceeds these limits.
#pragma once

#include <drover/client.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace drover {

[[nodiscard]] inline client_options patient_options(std::string url) {
  return {.url = std::move(url),
          .connect_max = std::chrono::seconds{20},
          .silence_max = std::chrono::seconds{20}};
}

}  // namespace drover
