// SPDX-License-Identifier: MIT
#include "audit/capture/known_scripts.hpp"

#include <array>
#include <string>

#include "lease/scripts.hpp"
#include "lease/sha1.hpp"

namespace drover::audit {
namespace {

using purpose = script_seen::purpose;
using success = script_seen::success;

/// A script from the sources of a library.
struct published_script {
  /// The SHA1 of the text after `normalised_lua`.
  std::string_view normalised_sha1;
  /// The SHA1 of the text as sent, if the library always sends the same text; otherwise "".
  std::string_view sha1;
  /// The library and the operation.
  std::string_view name;
  purpose does;
  success says;
  unsigned token;
  unsigned ttl;
  unsigned value = 0;
  bool in_seconds = false;
};

// Sources: redis-py 4.3.4 (the same in 5), redlock for Node 5, Laravel 10, Symfony 3.4 and 5.4,
// redsync 4, Redisson 2, 3 and 3.2x, rueidis 1.0, bsm/redislock. A script that many libraries share
// (get, compare, del) is not listed: its text shows its purpose but not its library.
constexpr auto published_scripts = std::to_array<published_script>({
    {"0701af675d2509cf2cc16974771888aa2f93b117", "c3f8721cbb97f72bc19e972846bd7aaf91901658",
     "redis-py lock release", purpose::compare_and_delete, success::one, 1, 0},
    {"03e7a9ee0175c8752ebeec3fc70787f340333b7b", "a4e8783852e6b949f9ef3a97212805108459a890",
     "redis-py lock extend", purpose::compare_and_expire, success::one, 1, 2},
    {"682408d0a30acd5ea56c9c520b66fe36915a8eee", "1cac51482acf5858da00f6d685d68f886cd6b6b2",
     "redis-py lock reacquire", purpose::compare_and_expire, success::one, 1, 2},
    {"603f0eefad2ffcd8c6427afcfa75fb44874c7017", "96da70f7716f27d278a5218544df37fd8b0a5e4c",
     "redlock-node lock acquire", purpose::acquire, success::unknown, 1, 2},
    {"a5664b456a0fd49454c732765ad6aa7b0a8edbd3", "aed6f382e410db8ba7926d4e5e9aab410bf2a78a",
     "redlock-node lock extend", purpose::compare_and_expire, success::unknown, 1, 2},
    {"d7a8c16c9b897cd740bb0a9c0daa651a4d01e63d", "e4612211c9f8f51c257e26e056b0a654b3187242",
     "redlock-node lock release", purpose::compare_and_delete, success::unknown, 1, 0},
    {"4062dfaf2ccc09927d12c5e2b0b0f595f026a923", "", "laravel add", purpose::acquire, success::ok,
     1, 2, 0, true},
    {"56ecbcb369b3120cfd4b3a52a44fc8248f4d530d", "", "symfony lock acquire", purpose::acquire,
     success::one, 1, 2},
    {"d2d8ea6f6eff8ddb751b5790690496b5505ac58b", "", "symfony lock acquire", purpose::acquire,
     success::unknown, 1, 2},
    {"9843114d726b2faf6f5a2888354510fdc14c1358", "", "redsync lock release",
     purpose::compare_and_delete, success::one, 1, 0},
    {"16f0e67a503547ef08df0d9c3ea9cc97b114ad6b", "", "redislock ttl", purpose::read,
     success::unknown, 1, 0},
    {"2c4eab4979efb1767a5d0bcad4597f05ca4e7153", "", "redisson lock acquire", purpose::acquire,
     success::null, 2, 1},
    {"6fd13748b28166dd40837f18cff89c4fd94dd71d", "", "redisson lock acquire", purpose::acquire,
     success::null, 2, 1},
    {"d5c2baede3dd311d368fc4f31fe9f18d03b08719", "", "redisson lock extend",
     purpose::compare_and_expire, success::one, 2, 1},
    {"dd3d6cb67c0c8a8dfd4705ee555f84bc313c5ccf", "", "redisson lock release",
     purpose::compare_and_delete, success::one, 3, 2},
    {"d536b8ee7535a512c1183f9ee3cf78b531dfcc27", "", "rueidisaside acquire", purpose::acquire,
     success::null, 1, 2},
    {"8247cb71b95785209192f061b9843e186f877a95", "", "rueidisaside store",
     purpose::compare_and_store, success::ok, 1, 3, 2},
});

script_seen facts_of(const published_script& script) {
  script_seen out;
  out.known_as = script.name;
  out.does = script.does;
  out.says = script.says;
  out.token_argument = script.token;
  out.ttl_argument = script.ttl;
  out.value_argument = script.value;
  out.ttl_in_seconds = script.in_seconds;
  return out;
}

/// The facts of a script of Drover. `lease` counts as a read: the pending entry that it stores on a
/// miss is neither a lock nor a load.
script_seen facts_of_own(const lease::script& script) {
  script_seen out;
  out.known_as = "drover " + std::string{script.name};
  const auto set = [&out](purpose does, success says, unsigned ttl, unsigned value) {
    out.does = does;
    out.says = says;
    out.token_argument = 1;
    out.ttl_argument = ttl;
    out.value_argument = value;
  };
  using id = lease::script_id;
  switch (script.id) {
    case id::lease: set(purpose::read, success::unknown, 2, 0); break;
    case id::renew:
    case id::mark_extend: set(purpose::compare_and_expire, success::one, 2, 0); break;
    case id::promote: set(purpose::compare_and_store, success::one, 4, 0); break;
    case id::uncacheable: set(purpose::compare_and_store, success::one, 2, 0); break;
    case id::fill: set(purpose::compare_and_store, success::first_one, 7, 10); break;
    case id::failure: set(purpose::compare_and_store, success::one, 5, 8); break;
    case id::expire: set(purpose::del, success::unknown, 0, 0); break;
    case id::release:
    case id::mark_release: set(purpose::compare_and_delete, success::one, 0, 0); break;
  }
  return out;
}

}  // namespace

std::optional<script_seen> known_script(std::string_view sha1, std::string_view normalised) {
  std::optional<script_seen> out;
  for (const lease::script& script : lease::scripts()) {
    if (script.sha1 == sha1) out = facts_of_own(script);
  }
  const auto digits = lease::sha1_of(normalised);
  const std::string_view normalised_sha1{digits.data(), digits.size()};
  for (const published_script& script : published_scripts) {
    const bool is_body = !normalised.empty() && script.normalised_sha1 == normalised_sha1;
    if (is_body || script.sha1 == sha1) out = facts_of(script);
  }
  if (out) out->script = sha1;
  return out;
}

}  // namespace drover::audit
