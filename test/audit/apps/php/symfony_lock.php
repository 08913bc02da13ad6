<?php
// SPDX-License-Identifier: MIT
// Symfony's Lock with its RedisStore around the load, and a second look under it.
require 'Symfony/Component/Lock/autoload.php';
require 'traffic.php';

use Symfony\Component\Lock\LockFactory;
use Symfony\Component\Lock\Store\RedisStore;

function timetable(Redis $redis, LockFactory $locks, string $line): array
{
    $key = "metro:timetable:$line";
    $cached = $redis->get($key);
    if ($cached) {
        return json_decode($cached, true);
    }
    $lock = $locks->createLock("timetable-$line", 5);
    $lock->acquire(true);
    try {
        $cached = $redis->get($key);
        if ($cached) {
            return json_decode($cached, true);
        }
        $fresh = load($key, 150);
        $redis->set($key, json_encode($fresh), ['px' => mt_rand(800, 1100)]);
        return $fresh;
    } finally {
        $lock->release();
    }
}

crowd(function (Redis $redis): void {
    static $locks;
    $locks ??= new LockFactory(new RedisStore($redis));
    timetable($redis, $locks, 'u' . mt_rand(1, 2));
}, 8, 7);
