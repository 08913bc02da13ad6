<?php
// SPDX-License-Identifier: MIT
// A page of ten products by MGET; what is missing is loaded by one query under a lock of the page,
// after a second MGET, and stored by one pipeline with a lifetime of its own for each.
require 'traffic.php';

const RELEASE =
    'if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end return 0';

function getPage(Redis $redis, int $page): array
{
    $keys = array_map(fn ($n) => "mall:v1:product:$n", range($page * 10, $page * 10 + 9));
    $lock = "mall:v1:lock:page:$page";
    $end = microtime(true) + 4;
    while (microtime(true) < $end) {
        $found = array_combine($keys, $redis->mGet($keys));
        if (!in_array(false, $found, true)) {
            return $found;
        }
        $token = bin2hex(random_bytes(16));
        if ($redis->set($lock, $token, ['nx', 'px' => 2000])) {
            try {
                return fill($redis, $keys);
            } finally {
                $redis->eval(RELEASE, [$lock, $token], 1);
            }
        }
        usleep(mt_rand(5000, 40000));
    }
    throw new RuntimeException("page $page is still being loaded");
}

function fill(Redis $redis, array $keys): array
{
    $found = array_combine($keys, $redis->mGet($keys));
    $missing = array_keys($found, false, true);
    if ($missing) {
        $pipe = $redis->pipeline();
        foreach (query($missing) as $key => $row) {
            $found[$key] = json_encode($row);
            $pipe->set($key, $found[$key], ['px' => mt_rand(900, 1800)]);
        }
        $pipe->exec();
    }
    return $found;
}

/** One query, a line in the log for each of its rows. */
function query(array $keys): array
{
    usleep(90000);
    $rows = [];
    foreach ($keys as $key) {
        $rows[$key] = load($key, 0);
    }
    return $rows;
}

crowd(fn (Redis $redis) => getPage($redis, 3), 8, 5);
