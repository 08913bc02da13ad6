// SPDX-License-Identifier: MIT
// 5. Your own types: list the members of a struct, and make keys of several parts.
//
//   05_your_own_types [redis url]
#include <drover/cache.hpp>
#include <drover/key.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace std::chrono_literals;

enum class plan : std::uint8_t { basic, large };

struct address {
  std::string street;
  std::string city;
};

struct user {
  std::uint64_t id = 0;
  std::string name;
  std::optional<std::string> nickname{};
  std::vector<address> addresses{};
  std::chrono::sys_seconds since{};
  plan chosen = plan::basic;
};

template <>
struct drover::codec<address> : drover::member_codec<address, &address::street, &address::city> {};

template <>
struct drover::codec<user> : drover::member_codec<user, &user::id, &user::name, &user::nickname,
                                                  &user::addresses, &user::since, &user::chosen> {};

// A changed struct has another schema, and its own entries in Redis. When this fails, put the old
// number into `also_invalidates` until no old process runs any more, and the new number here.
static_assert(drover::schema_of<user> == 4284026146);

int main(int count, char** values) {
  drover::client redis{count > 1 ? values[1] : "redis://127.0.0.1:6379"};
  drover::cache<user> users{
      redis,
      {.name = "example-5", .policy = {.ttl = 60s}},
      drover::with_key<std::uint64_t, std::string>([](std::uint64_t id, const std::string& lang) {
        return user{.id = id,
                    .name = (lang == "de" ? "Benutzer " : "user ") + std::to_string(id),
                    .addresses = {{"Main Street", "Springfield"}}};
      })};

  for (int i = 0; i < 2; ++i) {
    const drover::fetched<user> got = users.fetch(drover::key(42, "de"));
    std::printf("%s of %s, %s\n", got.value->name.c_str(), got.value->addresses[0].city.c_str(),
                std::string{to_string(got.how)}.c_str());
  }

  // The same value without a copy.
  const std::shared_ptr<const user> shared = users.get_shared(drover::key(42, "de"));
  std::printf("%llu\n", static_cast<unsigned long long>(shared->id));
}
