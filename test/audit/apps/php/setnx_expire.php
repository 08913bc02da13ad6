<?php
// SPDX-License-Identifier: MIT
// SETNX, and the lock's lifetime by a second command: who dies in between, locks for ever.
require 'traffic.php';

function getPage(Redis $redis, string $slug): array
{
    $key = "site:page:$slug";
    for ($attempt = 0; $attempt < 200; ++$attempt) {
        $cached = $redis->get($key);
        if ($cached !== false) {
            return unserialize($cached);
        }
        if ($redis->setnx("site:lock:$slug", '1')) {
            $redis->expire("site:lock:$slug", 5);
            try {
                $cached = $redis->get($key);
                if ($cached !== false) {
                    return unserialize($cached);
                }
                $page = load($key, 120);
                $redis->set($key, serialize($page), ['px' => mt_rand(700, 900)]);
                return $page;
            } finally {
                $redis->del("site:lock:$slug");
            }
        }
        usleep(mt_rand(10000, 40000));
    }
    throw new RuntimeException("$key is still being loaded");
}

crowd(fn (Redis $redis) => getPage($redis, 'home'));
