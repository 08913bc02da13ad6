<?php
// SPDX-License-Identifier: MIT
// A lock with a random owner and a lease; released, and renewed on the way, only by its owner.
require 'traffic.php';

final class OwnerLock
{
    private const RELEASE =
        'if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end return 0';
    private const RENEW = 'if redis.call("GET", KEYS[1]) == ARGV[1] then'
        . ' return redis.call("PEXPIRE", KEYS[1], ARGV[2]) end return 0';

    private string $owner;

    public function __construct(private Redis $redis, private string $name, private int $ms)
    {
        $this->owner = bin2hex(random_bytes(20));
    }

    public function acquire(): bool
    {
        return (bool) $this->redis->set($this->name, $this->owner, ['nx', 'px' => $this->ms]);
    }

    public function renew(): bool
    {
        return (bool) $this->redis->eval(self::RENEW, [$this->name, $this->owner, $this->ms], 1);
    }

    public function release(): void
    {
        $this->redis->eval(self::RELEASE, [$this->name, $this->owner], 1);
    }
}

function getTimetable(Redis $redis, string $station): array
{
    $key = "rail:v4:timetable:$station";
    $end = microtime(true) + 3;
    for ($wait = 10000; microtime(true) < $end; $wait = min($wait * 2, 80000)) {
        $cached = $redis->get($key);
        if ($cached !== false) {
            return json_decode($cached, true);
        }
        $lock = new OwnerLock($redis, "rail:v4:lock:$station", 700);
        if ($lock->acquire()) {
            try {
                return fill($redis, $key, $lock);
            } finally {
                $lock->release();
            }
        }
        usleep(mt_rand(5000, $wait));
    }
    throw new RuntimeException("$key is still being loaded");
}

function fill(Redis $redis, string $key, OwnerLock $lock): array
{
    $cached = $redis->get($key);
    if ($cached !== false) {
        return json_decode($cached, true);
    }
    $parts = [];
    for ($part = 1; $part <= 8; ++$part) {
        $parts[] = $part === 1 ? load($key, 110) : slowly($part);
        if (!$lock->renew()) {
            throw new RuntimeException('the lock was lost');
        }
    }
    $redis->set($key, json_encode($parts), ['px' => mt_rand(800, 1100)]);
    return $parts;
}

function slowly(int $part): array
{
    usleep(110000);
    return ['part' => $part];
}

crowd(fn (Redis $redis) => getTimetable($redis, 'bern'), 8, 7);
