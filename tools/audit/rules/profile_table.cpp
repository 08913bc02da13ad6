// SPDX-License-Identifier: MIT
// What is known of each library. Facts come from running the version named, or from reading its
// published sources; figures and defaults are of that version.
#include <array>

#include "audit/rules/profiles.hpp"

namespace drover::audit {
namespace {

constexpr std::string_view read_in_2026 = "sources as of August 2026";

constexpr key_shape drover_keys[] = {
    {.begins = "", .contains = ":v:{", .ends = "}", .sure = false},
    {.begins = "", .contains = ":l:{", .ends = "}", .sure = false},
};
constexpr library_setting drover_settings[] = {
    {"C103",
     "set no `wait_max` shorter than a load takes: a caller that waits in vain is refused, "
     "it never loads; loads under it mean that Redis was away (`fetched::how` says "
     "`bypassed`)"},
    {"C106",
     "let the loader return nothing for a missing row, do not throw: `policy.absent_ttl` "
     "then keeps \"absent\", and a failure is remembered for a growing pause"},
    {"C303", "raise `policy.ttl_jitter` (0.1 unless set)"},
    {"C602", "build the key of `get` only from what the loader needs"},
};

constexpr key_shape dogpile_keys[] = {
    {.begins = "_lock", .contains = "", .ends = "", .sure = true}};
constexpr library_setting dogpile_settings[] = {
    {"C101",
     "configure the region with `arguments={\"distributed_lock\": True, "
     "\"thread_local_lock\": False, \"lock_timeout\": <3 x p99 load time, in seconds>}`; "
     "without `distributed_lock` each process loads for itself"},
    {"C105",
     "configure the region with `distributed_lock: True`, `thread_local_lock: False` and a "
     "`lock_timeout`"},
    {"C201",
     "set `lock_timeout` in the region's arguments: it is None unless set, and the lock then "
     "never ends"},
    {"C207",
     "raise `lock_timeout` to three times the 99th percentile of the creator's time: the "
     "lock is not renewed"},
    {"C208", "raise `lock_timeout`: the lock is not renewed"},
    {"C211", "lower `lock_timeout`"},
    {"C301",
     "set `redis_expiration_time` above the region's `expiration_time`: the latter is only "
     "written inside the value, and Redis keeps it for ever"},
    {"C303",
     "give each call its own `expiration_time` with jitter; `redis_expiration_time` is one "
     "number for the region, keep it well above"},
    {"C502", "set `lock_sleep` (0.1 s unless set)"},
};

constexpr library_setting redis_py_settings[] = {
    {"C201",
     "pass `timeout=` to `redis.lock(name, timeout=...)` (or `Lock(...)`): it is None unless "
     "set, and the lock then never ends"},
    {"C207",
     "raise `timeout=`, or call `lock.extend(...)` while the load runs; when `release()` "
     "raises LockNotOwnedError, the lease was lost: do not store"},
    {"C208", "raise `timeout=`, or call `lock.extend(...)` while the load runs"},
    {"C210", "use `with redis.lock(...):`, or release in `finally`"},
    {"C211", "lower `timeout=`, and call `lock.extend(...)` in long loads"},
    {"C502", "pass `sleep=` (0.1 s unless set); with `blocking_timeout=` it also ends"},
    {"C503", "pass `blocking_timeout=`: without it `acquire()` waits for ever"},
};

constexpr key_shape django_keys[] = {{.begins = ":1:", .contains = "", .ends = "", .sure = true},
                                     {.begins = "", .contains = ":1:", .ends = "", .sure = false}};
constexpr library_setting django_settings[] = {
    {"C101",
     "`cache.get_or_set` does not keep others from loading (it stores with NX, so that the "
     "extra loads do not show): take `cache.lock(key, timeout=...)` (django-redis) around "
     "the load, and `cache.get` again inside"},
    {"C105", "take `cache.lock(key, timeout=...)` (django-redis) around the load"},
    {"C201", "pass `timeout=` to `cache.lock(...)`"},
    {"C301",
     "set TIMEOUT in CACHES (300 s unless set; None means for ever), and do not pass "
     "`timeout=None`"},
    {"C303", "pass `timeout=` with jitter to `cache.set` and `cache.get_or_set`"},
    {"C401",
     "use `cache.set(..., version=...)` with a version that the write path raises "
     "(`cache.incr_version`), or load under `cache.lock`"},
    {"C601", "set KEY_PREFIX in CACHES"},
    {"C604",
     "`cache.clear()` sends FLUSHDB unless django-redis' `cache.delete_pattern` (SCAN) is "
     "used; raise VERSION instead"},
};

constexpr key_shape laravel_keys[] = {
    {.begins = "laravel_cache", .contains = "", .ends = "", .sure = true},
    {.begins = "laravel-cache", .contains = "", .ends = "", .sure = true},
    {.begins = "laravel_database", .contains = "", .ends = "", .sure = true},
    {.begins = "laravel-database", .contains = "", .ends = "", .sure = true},
    {.begins = "", .contains = "illuminate:cache:flexible", .ends = "", .sure = true}};
constexpr library_setting laravel_settings[] = {
    {"C101",
     "`Cache::remember` does not keep others from loading: put `Cache::lock($key, "
     "$seconds)->block($wait, ...)` around it, with a second `Cache::get` inside, or use "
     "`Cache::flexible` (whose cold start is not guarded either)"},
    {"C104",
     "pass the lock's seconds to `Cache::flexible($key, $ttl, $callback, ['seconds' => n])`"},
    {"C201",
     "pass seconds: `Cache::lock($name, $seconds)`, and `['seconds' => n]` as the fourth "
     "argument of `Cache::flexible`; with 0, the default, it is SETNX without TTL"},
    {"C204", "`forceRelease()` deletes whoever's lock it is: use `release()`"},
    {"C301", "use `Cache::remember` or `put` with a TTL in place of `rememberForever`"},
    {"C303", "pass a TTL with jitter: `now()->addSeconds(random_int(...))`"},
    {"C403",
     "`Cache::flexible` keeps the time of creation in a second key; outside a cluster both "
     "are written in one MULTI. In a cluster give the key a hash tag"},
    {"C502",
     "pass your own pause to `Cache::lock(...)->betweenBlockedAttemptsSleepFor(...)` (250 ms "
     "unless set)"},
};

constexpr key_shape spring_keys[] = {{.begins = "", .contains = "", .ends = "~lock", .sure = true},
                                     {.begins = "", .contains = "::", .ends = "", .sure = false}};
constexpr library_setting spring_settings[] = {
    {"C101",
     "`@Cacheable(sync = true)` shares loads in one process; across processes use a lock per "
     "key (Redisson) around the load: the locking writer locks a whole cache, and not the "
     "load"},
    {"C105",
     "`@Cacheable(sync = true)` shares loads in one process only: put a lock per key "
     "(Redisson) around the load"},
    {"C201",
     "give the locking writer a TTL: `RedisCacheWriter.lockingRedisCacheWriter(factory, "
     "sleepTime, TtlFunction.just(...), batchStrategy)`; it is persistent unless set"},
    {"C204",
     "the locking writer deletes its lock by name without a token: use the non-locking writer "
     "and a lock of Redisson per key"},
    {"C209",
     "the locking writer stores an empty token: use the non-locking writer and a lock of "
     "Redisson per key"},
    {"C301", "set `entryTtl(...)` in RedisCacheConfiguration: there is none unless set"},
    {"C303", "`entryTtl(TtlFunction)` may return a TTL with jitter for each entry"},
    {"C502", "the locking writer polls EXISTS at `sleepTime`: use the non-locking writer"},
    {"C604", "use `BatchStrategies.scan(n)`: the default strategy clears a cache by KEYS"},
};

constexpr key_shape redisson_keys[] = {
    {.begins = "redisson_lock__channel", .contains = "", .ends = "", .sure = true},
    {.begins = "redisson_", .contains = "", .ends = "", .sure = true}};
constexpr library_setting redisson_settings[] = {
    {"C102", "read the value again after `lock()`"},
    {"C207", "call `lock()` without a lease time: only then the watchdog renews it"},
    {"C208", "call `lock()` without a lease time: only then the watchdog renews it"},
    {"C210",
     "call `unlock()` in `finally`; `lockWatchdogTimeout` (30 s unless set) is how long a dead "
     "holder keeps others out"},
};

constexpr library_setting redsync_settings[] = {
    {"C102", "read the value again after `mutex.Lock()`"},
    {"C207",
     "raise `redsync.WithExpiry` (8 s unless set), or call `mutex.Extend()` while the load "
     "runs"},
    {"C208", "raise `redsync.WithExpiry` (8 s unless set), or call `mutex.Extend()`"},
    {"C502", "pass `redsync.WithRetryDelayFunc` with jitter"},
};

constexpr library_setting redlock_settings[] = {
    {"C102", "read the value again inside `redlock.using(...)` or after `acquire`"},
    {"C207",
     "raise the duration, or use `redlock.using(...)`, which extends the lock by itself "
     "(`automaticExtensionThreshold`)"},
    {"C208", "raise the duration, or use `redlock.using(...)`, which extends the lock by itself"},
    {"C502", "set `retryJitter` (100 ms unless set)"},
    {"C503", "set `retryCount` (10 unless set; -1 waits for ever)"},
};
constexpr library_setting redlock_py_settings[] = {
    {"C102", "read the value again after `lock()`"},
    {"C207", "raise the ttl in `lock(resource, ttl)`: nothing renews it"},
    {"C208", "raise the ttl in `lock(resource, ttl)`: nothing renews it"},
};

constexpr key_shape bentocache_keys[] = {
    {.begins = "bentocache:", .contains = "", .ends = "", .sure = true}};
constexpr library_setting bentocache_settings[] = {
    {"C101",
     "call `getOrSet` (not `get` and then `set`): its lock is in the process, so each process "
     "still loads once"},
    {"C105",
     "its lock is in the process. For a fleet put a lock in Redis (redlock) around the factory"},
    {"C104",
     "set `grace` (before 1.0 `gracePeriod`) and a soft timeout, so that one caller refreshes "
     "while others get the old value"},
    {"C303", "pass `ttl` with jitter for each call"},
};

constexpr key_shape keyv_keys[] = {
    {.begins = "keyv:", .contains = "", .ends = "", .sure = true},
    {.begins = "", .contains = "::", .ends = "", .sure = true, .twice = true},  // a namespace
};
constexpr library_setting cache_manager_settings[] = {
    {"C101",
     "call `cache.wrap` (not `get` and then `set`): it shares loads in the process; across "
     "processes put a lock in Redis (redlock) around the function"},
    {"C104",
     "`refreshThreshold` refreshes in every process at once: leave it out, or put a lock in "
     "Redis around the function"},
    {"C105",
     "`cache.wrap` shares loads in the process only: put a lock in Redis (redlock) around the "
     "function"},
    {"C301",
     "pass a ttl to `wrap` and `set`, or set `ttl` in `createCache`: there is none unless set"},
    {"C303", "pass a ttl with jitter; `wrap` takes a function of the value"},
};

constexpr key_shape rueidis_keys[] = {
    {.begins = "rueidisid:", .contains = "", .ends = "", .sure = true}};
constexpr library_setting rueidis_settings[] = {
    {"C106",
     "return a value for \"not found\" from the function, with a short TTL "
     "(`rueidisaside.OverrideCacheTTL`): an error is not stored"},
    {"C303", "pass a ttl with jitter to `Get`"},
};

constexpr library_setting stackexchange_settings[] = {
    {"C204", "use `LockRelease(key, token)`, not `KeyDelete`"},
    {"C207", "raise the time in `LockTake`, or call `LockExtend` while the load runs"},
    {"C208", "raise the time in `LockTake`, or call `LockExtend`"},
    {"C209",
     "pass a new `Guid.NewGuid()` as the token to each `LockTake`, and the same one to "
     "`LockRelease`"},
    {"C301", "pass an expiry to `StringSet`: there is none unless passed"},
};

constexpr library_setting symfony_settings[] = {
    {"C105",
     "its lock against stampedes is a file lock of the host: one load per host. For a fleet "
     "use `CacheInterface::get` under a lock of symfony/lock with a Redis store"},
    {"C301", "set `default_lifetime` of the pool, or `$item->expiresAfter(...)`"},
    {"C404",
     "leave `beta` at 1.0 in `CacheInterface::get($key, $callback, $beta)`; a larger one "
     "refreshes earlier"},
};

constexpr key_shape rails_keys[] = {
    {.begins = "views/", .contains = "", .ends = "", .sure = false}};
constexpr library_setting rails_settings[] = {
    {"C101",
     "pass `race_condition_ttl:` (and `expires_in:`) to `Rails.cache.fetch`: one caller "
     "renews while the others get the old entry. A first, cold load is not guarded"},
    {"C301", "set `expires_in:` in `config.cache_store` or `fetch`: there is none unless set"},
    {"C303", "pass `expires_in:` with jitter"},
    {"C601", "set `namespace:` in `config.cache_store`"},
    {"C604", "`Rails.cache.clear` without a namespace sends FLUSHDB: set `namespace:`"},
};

constexpr library_profile table[] = {
    {.name = "Drover",
     .scripts = "drover",
     .clients = "drover",
     .keys = drover_keys,
     .does =
         "A lease in the value's own key: a load is announced there, the others wait for a push.",
     .settings = drover_settings,
     .checked = "this version",
     .verified = true},
    {.name = "dogpile.cache",
     .scripts = "",
     .clients = "redis-py",
     .keys = dogpile_keys,
     .does = "One creator per process by a mutex, per fleet with distributed_lock.",
     .settings = dogpile_settings,
     .checked = "dogpile.cache 1.1.8, redis-py 4.3.4",
     .verified = true},
    {.name = "Django",
     .scripts = "",
     .clients = "redis-py",
     .keys = django_keys,
     .does = "Nothing: get_or_set stores with NX after each caller has loaded.",
     .settings = django_settings,
     .checked = "Django 3.2.25, django-redis 5.2.0",
     .verified = true},
    {.name = "Laravel",
     .scripts = "laravel",
     .clients = "phpredis predis",
     .keys = laravel_keys,
     .does = "Locks on demand; Cache::flexible refreshes under a lock.",
     .settings = laravel_settings,
     .checked = read_in_2026,
     .verified = false},
    {.name = "Spring Data Redis",
     .scripts = "",
     .clients = "lettuce jedis",
     .keys = spring_keys,
     .does = "Nothing across processes; the locking writer guards a cache's writes, not loads.",
     .settings = spring_settings,
     .checked = read_in_2026,
     .verified = false},
    {.name = "Redisson",
     .scripts = "redisson",
     .clients = "redisson",
     .keys = redisson_keys,
     .does = "Locks with a random owner, renewed by a watchdog, waiters woken by a message.",
     .settings = redisson_settings,
     .checked = read_in_2026,
     .verified = false},
    {.name = "redsync",
     .scripts = "redsync",
     .clients = "go-redis redigo rueidis",
     .keys = {},
     .does = "Locks with a random token, released by compare-and-delete.",
     .settings = redsync_settings,
     .checked = read_in_2026,
     .verified = false},
    {.name = "redlock (Node)",
     .scripts = "redlock-node",
     .clients = "ioredis node-redis",
     .keys = {},
     .does = "Locks with a random token, released by compare-and-delete, extended on demand.",
     .settings = redlock_settings,
     .checked = "redlock 5.0.0-beta.2",
     .verified = true},
    {.name = "redlock-py",
     .scripts = "redlock-py",
     .clients = "redis-py",
     .keys = {},
     .does = "Locks with a random token, released by compare-and-delete.",
     .settings = redlock_py_settings,
     .checked = read_in_2026,
     .verified = false},
    {.name = "bentocache",
     .scripts = "",
     .clients = "ioredis",
     .keys = bentocache_keys,
     .does = "One factory call per process by a mutex.",
     .settings = bentocache_settings,
     .checked = "bentocache 1.0.0-beta.9",
     .verified = true},
    {.name = "cache-manager",
     .scripts = "",
     .clients = "node-redis ioredis",
     .keys = keyv_keys,
     .does = "wrap shares loads in the process.",
     .settings = cache_manager_settings,
     .checked = "cache-manager 6.4.3, @keyv/redis 4.4.0",
     .verified = true},
    {.name = "rueidisaside",
     .scripts = "rueidisaside",
     .clients = "rueidis",
     .keys = rueidis_keys,
     .does = "A mark of the loader in the value's own key; the others wait for an invalidation.",
     .settings = rueidis_settings,
     .checked = read_in_2026,
     .verified = false},
    {.name = "StackExchange.Redis",
     .scripts = "stackexchange",
     .clients = "SE.Redis",
     .keys = {},
     .does = "LockTake and LockRelease compare the token; what it is, is up to the caller.",
     .settings = stackexchange_settings,
     .checked = read_in_2026,
     .verified = false},
    {.name = "Symfony",
     .scripts = "symfony",
     .clients = "phpredis predis",
     .keys = {},
     .does = "Early expiration at random, and one load per host by a file lock.",
     .settings = symfony_settings,
     .checked = read_in_2026,
     .verified = false},
    {.name = "Rails",
     .scripts = "",
     .clients = "redis-rb redis-client",
     .keys = rails_keys,
     .does = "With race_condition_ttl one caller renews an old entry; a cold load is not guarded.",
     .settings = rails_settings,
     .checked = read_in_2026,
     .verified = false},
    // Last: it is under dogpile.cache and Django as well.
    {.name = "redis-py Lock",
     .scripts = "redis-py",
     .clients = "redis-py",
     .keys = {},
     .does = "Locks with a random token, released by compare-and-delete; without timeout for ever.",
     .settings = redis_py_settings,
     .checked = "redis-py 4.3.4",
     .verified = true},
};

}  // namespace

std::span<const library_profile> profiles() { return table; }

}  // namespace drover::audit
