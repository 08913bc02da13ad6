<?php
// SPDX-License-Identifier: MIT
// Not a cache: Symfony's rate limiter keeps its windows in the cache pool, each under a lock.
require 'Symfony/Component/Cache/autoload.php';
require 'Symfony/Component/Lock/autoload.php';
require 'Symfony/Component/RateLimiter/autoload.php';
require 'traffic.php';

use Symfony\Component\Cache\Adapter\RedisAdapter;
use Symfony\Component\Lock\LockFactory;
use Symfony\Component\Lock\Store\RedisStore;
use Symfony\Component\RateLimiter\RateLimiterFactory;
use Symfony\Component\RateLimiter\Storage\CacheStorage;

crowd(function (Redis $redis): void {
    static $limiters;
    $limiters ??= new RateLimiterFactory(
        ['id' => 'api', 'policy' => 'sliding_window', 'limit' => 20, 'interval' => '2 seconds'],
        new CacheStorage(new RedisAdapter($redis, 'limits')), new LockFactory(new RedisStore($redis))
    );
    $limiters->create('user' . mt_rand(1, 4))->consume();
}, 6, 6);
