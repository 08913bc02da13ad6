// SPDX-License-Identifier: MIT
#include <sys/random.h>

#include <cerrno>
#include <cstring>
#include <random>

#include "base/random.hpp"
#include "cache/random_draws.hpp"

namespace drover::detail {

std::uint64_t random_seed() {
  const entry::token bytes = random_token();
  std::uint64_t seed = 0;
  std::memcpy(&seed, bytes.bytes.data(), sizeof seed);
  return seed;
}

double draw() {
  thread_local base::seeded_random source{random_seed()};
  return source.next_unit();
}

entry::token random_token() {
  entry::token token;
  do {
    std::size_t have = 0;
    while (have < token.bytes.size()) {
      const ssize_t got = getrandom(token.bytes.data() + have, token.bytes.size() - have, 0);
      if (got > 0) {
        have += static_cast<std::size_t>(got);
      } else if (errno != EINTR) {  // for a kernel without getrandom: std::random_device
        std::random_device device;
        for (char& byte : token.bytes) byte = static_cast<char>(device());
        break;
      }
    }
  } while (token.is_none());
  return token;
}

}  // namespace drover::detail
