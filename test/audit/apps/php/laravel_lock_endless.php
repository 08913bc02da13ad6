<?php
// SPDX-License-Identifier: MIT
// Laravel's atomic lock without seconds: it never ends by itself.
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
    return new Repository(new RedisStore($redis, 'shop'));
}

function bestsellers(Repository $cache): array
{
    $kept = $cache->get('bestsellers:week');
    if ($kept !== null && $kept['fresh_until'] > microtime(true)) {
        return $kept['books'];
    }
    $lock = $cache->getStore()->lock('bestsellers:refresh');
    if (!$lock->get()) {
        return $kept['books'] ?? [];
    }
    try {
        $books = load('shop:bestsellers:week', 120);
        $cache->put('bestsellers:week', ['books' => $books, 'fresh_until' => microtime(true) + 1], 60);
        return $books;
    } finally {
        $lock->release();
    }
}

crowd(function (): void {
    static $cache;
    bestsellers($cache ??= repository());
}, 6, 6);
