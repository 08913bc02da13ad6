// SPDX-License-Identifier: MIT
// For a library that was built without TLS: a rediss:// URL is refused with the reason.
#include <drover/client.hpp>

#include <stdexcept>
#include <string>

int main() {
  try {
    const drover::client secured{"rediss://localhost"};
  } catch (const std::invalid_argument& refused) {
    return std::string{refused.what()}.find("DROVER_WITH_TLS") != std::string::npos ? 0 : 1;
  }
  return 1;
}
