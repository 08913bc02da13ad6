<?php
// SPDX-License-Identifier: MIT
// The value and the time it was made, in two keys that are stored one after the other.
require 'traffic.php';

const FRESH_S = 1.0;

function getNews(Redis $redis): array
{
    $value = $redis->get('news:front');
    $created = $redis->get('news:front:created');
    if ($value !== false && $created !== false && microtime(true) - (float) $created < FRESH_S) {
        return json_decode($value, true);
    }
    $token = bin2hex(random_bytes(16));
    if (!$redis->set('news:lock', $token, ['nx', 'px' => 3000])) {
        return $value === false ? [] : json_decode($value, true);
    }
    $news = load('news:front', 100);
    $redis->set('news:front', json_encode($news), ['ex' => 30]);
    usleep(2000);  // the page is rendered
    $redis->set('news:front:created', (string) microtime(true), ['ex' => 60]);
    $redis->eval(
        'if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("del", KEYS[1]) end return 0',
        ['news:lock', $token],
        1
    );
    return $news;
}

crowd(fn (Redis $redis) => getNews($redis), 6, 6);
