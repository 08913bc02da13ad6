<?php
// SPDX-License-Identifier: MIT
// Is there a lock? No: then set one. Two who ask at once both get it, and it never ends by itself.
require 'traffic.php';

function getCategory(Redis $redis, int $id): array
{
    $key = "shop:category:$id";
    $lock = "$key:lock";
    $cached = $redis->get($key);
    while ($cached === false) {
        if ($redis->exists($lock)) {
            usleep(mt_rand(10000, 40000));
            $cached = $redis->get($key);
            continue;
        }
        $redis->set($lock, 'locked');
        $category = load($key, 150);
        $redis->setEx($key, 1, json_encode($category));
        $redis->del($lock);
        return $category;
    }
    return json_decode($cached, true);
}

crowd(fn (Redis $redis) => getCategory($redis, 5), 10, 6);
