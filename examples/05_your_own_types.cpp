// SPDX-License-Identifier: MIT
// 5. Your own types: a codec turns them into bytes and back. Raise `schema` when the bytes change.
//
//   05_your_own_types [redis url]
#include <drover/cache.hpp>

#include <cstdio>
#include <string>

using namespace std::chrono_literals;

struct user {
  std::string name;
  int visits = 0;
};

template <>
struct drover::codec<user> {
  static std::string encode(const user& u) { return std::to_string(u.visits) + " " + u.name; }

  static drover::result<user> decode(std::string_view bytes) {
    const std::size_t space = bytes.find(' ');
    if (space == std::string_view::npos || space == 0 || space > 9 ||
        bytes.substr(0, space).find_first_not_of("0123456789") != std::string_view::npos) {
      return drover::fault{drover::fault_code::corrupt, "no user"};  // counts as a miss
    }
    return user{std::string{bytes.substr(space + 1)},
                std::stoi(std::string{bytes.substr(0, space)})};
  }
};

int main(int count, char** values) {
  drover::client redis{count > 1 ? values[1] : "redis://127.0.0.1:6379"};
  drover::cache<user> users{
      redis,
      {.name = "example-5", .schema = 2, .policy = {.ttl = 60s}, .also_invalidates = {1}},
      [](std::string_view id) {
        return user{"user " + std::string{id}, 7};
      }};

  for (int i = 0; i < 2; ++i) {
    const drover::fetched<user> got = users.fetch("42");
    std::printf("%s, %d visits, %s\n", got.value->name.c_str(), got.value->visits,
                std::string{to_string(got.how)}.c_str());
  }
}
