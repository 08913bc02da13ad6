<?php
// SPDX-License-Identifier: MIT
// malkusch/lock: a mutex over Redis around the load, with its own double check.
require 'Malkusch/Lock/autoload.php';
require 'traffic.php';

use malkusch\lock\mutex\PHPRedisMutex;

function rate(Redis $redis, string $currency): array
{
    $key = "bank:rate:$currency";
    $cached = $redis->get($key);
    if (!$cached) {
        $mutex = new PHPRedisMutex([$redis], "rate-$currency", 5);
        $cached = $mutex->check(fn (): bool => !$redis->get($key))->then(function () use ($redis, $key) {
            $fresh = json_encode(load($key, 150));
            $redis->set($key, $fresh, ['px' => mt_rand(800, 1100)]);
            return $fresh;
        }) ?: $redis->get($key);
    }
    return json_decode($cached, true);
}

crowd(fn (Redis $redis) => rate($redis, 'c' . mt_rand(1, 2)), 8, 7);
