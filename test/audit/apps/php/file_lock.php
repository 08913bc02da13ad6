<?php
// SPDX-License-Identifier: MIT
// All processes run on one host: a file lock lets one of them load, and each looks again under it.
require 'traffic.php';

function getTariff(Redis $redis, string $zone): array
{
    $key = "power:v2:tariff:$zone";
    $cached = $redis->get($key);
    if ($cached !== false) {
        return json_decode($cached, true);
    }
    $file = fopen(__FILE__, 'r');
    flock($file, LOCK_EX);
    try {
        $cached = $redis->get($key);
        if ($cached === false) {
            $cached = json_encode(load($key, 150));
            $redis->set($key, $cached, ['px' => mt_rand(700, 1000)]);
        }
        return json_decode($cached, true);
    } finally {
        flock($file, LOCK_UN);
        fclose($file);
    }
}

crowd(fn (Redis $redis) => getTariff($redis, 'north'), 8, 5);
