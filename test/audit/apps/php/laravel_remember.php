<?php
// SPDX-License-Identifier: MIT
// Laravel's remember(): it reads, loads and stores, and guards nothing.
require 'Illuminate/Cache/autoload.php';
require 'Illuminate/Redis/autoload.php';
require 'traffic.php';

use Illuminate\Cache\RedisStore;
use Illuminate\Cache\Repository;
use Illuminate\Redis\RedisManager;

function repository(): Repository
{
    $url = parse_url(getenv('REDIS_URL'));
    $redis = new RedisManager(null, 'phpredis', [
        'default' => ['host' => $url['host'], 'port' => $url['port'], 'database' => 0],
    ]);
    return new Repository(new RedisStore($redis, 'blog'));
}

crowd(function (): void {
    static $cache;
    $cache ??= repository();
    $cache->remember('posts:popular', 1, fn () => load('blog:posts:popular', 150));
}, 8, 6);
