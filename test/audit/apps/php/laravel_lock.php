<?php
// SPDX-License-Identifier: MIT
// Laravel's cache: an atomic lock of five seconds around the load, and a second look inside.
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

function popular(Repository $cache): array
{
    $posts = $cache->get('posts:popular');
    if ($posts !== null) {
        return $posts;
    }
    return $cache->getStore()->lock('posts:popular:lock', 5)->block(6, function () use ($cache) {
        $posts = $cache->get('posts:popular');
        if ($posts === null) {
            $posts = load('blog:posts:popular', 150);
            $cache->put('posts:popular', $posts, mt_rand(1, 2));
        }
        return $posts;
    });
}

crowd(function (): void {
    static $cache;
    popular($cache ??= repository());
}, 6, 7);
