// SPDX-License-Identifier: MIT
// says: the type of this cache has no drover::codec
// says: drover::member_codec<user, &user::id, &user::name>
#include <drover/cache.hpp>

using namespace std::chrono_literals;

struct user {
  int id = 0;
};

int main() {
  drover::client redis{"redis://127.0.0.1"};
  drover::cache<user> users{
      redis, {.name = "user", .policy = {.ttl = 60s}}, [](std::string_view) { return user{}; }};
}
