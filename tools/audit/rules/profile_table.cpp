// SPDX-License-Identifier: MIT
// The libraries. The facts come from running the named version, or from its published sources. The
// settings that concern a rule are in the file of the rule.
#include <array>

#include "audit/rules/profiles.hpp"

namespace drover::audit {
namespace {

constexpr std::string_view from_sources_2026 = "sources as of August 2026";

constexpr key_shape drover_keys[] = {
    {.begins = "", .contains = ":v:{", .ends = "}", .is_unique = false},
    {.begins = "", .contains = ":l:{", .ends = "}", .is_unique = false},
};

constexpr key_shape dogpile_keys[] = {
    {.begins = "_lock", .contains = "", .ends = "", .is_unique = true}};

constexpr key_shape django_keys[] = {
    {.begins = ":1:", .contains = "", .ends = "", .is_unique = true},
    {.begins = "", .contains = ":1:", .ends = "", .is_unique = false}};

constexpr key_shape laravel_keys[] = {
    {.begins = "laravel_cache", .contains = "", .ends = "", .is_unique = true},
    {.begins = "laravel-cache", .contains = "", .ends = "", .is_unique = true},
    {.begins = "laravel_database", .contains = "", .ends = "", .is_unique = true},
    {.begins = "laravel-database", .contains = "", .ends = "", .is_unique = true},
    {.begins = "", .contains = "illuminate:cache:flexible", .ends = "", .is_unique = true}};

constexpr key_shape spring_keys[] = {
    {.begins = "", .contains = "", .ends = "~lock", .is_unique = true},
    {.begins = "", .contains = "::", .ends = "", .is_unique = false}};

constexpr key_shape redisson_keys[] = {
    {.begins = "redisson_lock__channel", .contains = "", .ends = "", .is_unique = true},
    {.begins = "redisson_", .contains = "", .ends = "", .is_unique = true}};

constexpr key_shape bentocache_keys[] = {
    {.begins = "bentocache:", .contains = "", .ends = "", .is_unique = true}};

constexpr key_shape keyv_keys[] = {
    {.begins = "keyv:", .contains = "", .ends = "", .is_unique = true},
    {.begins = "",
     .contains = "::",
     .ends = "",
     .is_unique = true,
     .is_repeated = true},  // a namespace
};

constexpr key_shape rueidis_keys[] = {
    {.begins = "rueidisid:", .contains = "", .ends = "", .is_unique = true}};

constexpr key_shape rails_keys[] = {
    {.begins = "views/", .contains = "", .ends = "", .is_unique = false}};

constexpr library_profile table[] = {
    {.name = "Drover",
     .scripts = "drover",
     .clients = "drover",
     .keys = drover_keys,
     .stampede_handling =
         "A lease in the value's own key announces a load; other callers wait for a push.",
     .checked_with = "this version",
     .verified = true},
    {.name = "dogpile.cache",
     .scripts = "",
     .clients = "redis-py",
     .keys = dogpile_keys,
     .stampede_handling =
         "A mutex allows one creator per process; distributed_lock allows one for all processes.",
     .checked_with = "dogpile.cache 1.1.8, redis-py 4.3.4",
     .verified = true},
    {.name = "Django",
     .scripts = "",
     .clients = "redis-py",
     .keys = django_keys,
     .stampede_handling = "Nothing: get_or_set stores with NX after each caller has loaded.",
     .checked_with = "Django 3.2.25, django-redis 5.2.0",
     .verified = true},
    {.name = "Laravel",
     .scripts = "laravel",
     .clients = "phpredis predis",
     .keys = laravel_keys,
     .stampede_handling = "Locks on demand; Cache::flexible refreshes under a lock.",
     .checked_with = from_sources_2026,
     .verified = false},
    {.name = "Spring Data Redis",
     .scripts = "",
     .clients = "lettuce jedis",
     .keys = spring_keys,
     .stampede_handling =
         "Nothing across processes; the locking writer guards the writes of a cache, not its "
         "loads.",
     .checked_with = from_sources_2026,
     .verified = false},
    {.name = "Redisson",
     .scripts = "redisson",
     .clients = "redisson",
     .keys = redisson_keys,
     .stampede_handling =
         "Locks with a random owner that a watchdog renews; a message wakes waiters.",
     .checked_with = from_sources_2026,
     .verified = false},
    {.name = "redsync",
     .scripts = "redsync",
     .clients = "go-redis redigo rueidis",
     .keys = {},
     .stampede_handling = "Locks with a random token, released by compare-and-delete.",
     .checked_with = from_sources_2026,
     .verified = false},
    {.name = "redlock (Node)",
     .scripts = "redlock-node",
     .clients = "ioredis node-redis",
     .keys = {},
     .stampede_handling =
         "Locks with a random token, released by compare-and-delete, extended on demand.",
     .checked_with = "redlock 5.0.0-beta.2",
     .verified = true},
    {.name = "redlock-py",
     .scripts = "redlock-py",
     .clients = "redis-py",
     .keys = {},
     .stampede_handling = "Locks with a random token, released by compare-and-delete.",
     .checked_with = from_sources_2026,
     .verified = false},
    {.name = "bentocache",
     .scripts = "",
     .clients = "ioredis",
     .keys = bentocache_keys,
     .stampede_handling = "One factory call per process by a mutex.",
     .checked_with = "bentocache 1.0.0-beta.9",
     .verified = true},
    {.name = "Keyv",  // alone, or as the store of cache-manager and cacheable: the keys are equal
     .scripts = "",
     .clients = "node-redis ioredis",
     .keys = keyv_keys,
     .stampede_handling = "Nothing by itself. `wrap` of cache-manager and `getOrSet` of cacheable "
                          "share loads in the "
                          "process.",
     .checked_with = "keyv 5.6.0, @keyv/redis 4.4.0, cache-manager 6.4.3, cacheable 1.10.4",
     .verified = true},
    {.name = "rueidisaside",
     .scripts = "rueidisaside",
     .clients = "rueidis",
     .keys = rueidis_keys,
     .stampede_handling =
         "A mark of the loader in the value's own key; other callers wait for an invalidation.",
     .checked_with = from_sources_2026,
     .verified = false},
    {.name = "StackExchange.Redis",
     .scripts = "stackexchange",
     .clients = "SE.Redis",
     .keys = {},
     .stampede_handling = "LockTake and LockRelease compare a token that the caller chooses.",
     .checked_with = from_sources_2026,
     .verified = false},
    {.name = "Symfony",
     .scripts = "symfony",
     .clients = "phpredis predis",
     .keys = {},
     .stampede_handling = "Random early expiration, and one load per host with a file lock.",
     .checked_with = from_sources_2026,
     .verified = false},
    {.name = "Rails",
     .scripts = "",
     .clients = "redis-rb redis-client",
     .keys = rails_keys,
     .stampede_handling =
         "With race_condition_ttl one caller renews an old entry; a cold load is not guarded.",
     .checked_with = from_sources_2026,
     .verified = false},
    // Last, because dogpile.cache and Django also use it.
    {.name = "redis-py Lock",
     .scripts = "redis-py",
     .clients = "redis-py",
     .keys = {},
     .stampede_handling =
         "Locks with a random token, released by compare-and-delete; without a timeout they "
         "never end.",
     .checked_with = "redis-py 4.3.4",
     .verified = true},
};

}  // namespace

std::span<const library_profile> profiles() { return table; }

}  // namespace drover::audit
