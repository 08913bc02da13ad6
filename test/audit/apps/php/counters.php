<?php
// SPDX-License-Identifier: MIT
// Not a cache: page views, votes, unique visitors, flags and a presence list.
require 'traffic.php';

crowd(function (Redis $redis): void {
    $page = mt_rand(1, 12);
    $user = mt_rand(1, 300);
    $redis->incr("views:page:$page");
    $redis->hIncrBy('votes:poll:7', 'option-' . ($page % 4), 1);
    $redis->pfAdd('visitors:' . date('Y-m-d'), ["user-$user"]);
    $redis->setBit('active:' . date('Y-m-d'), $user, true);
    $redis->zAdd('presence', time(), "user-$user");
    if (mt_rand(1, 20) === 1) {
        $redis->zRemRangeByScore('presence', '-inf', (string) (time() - 60));
    }
    $redis->sIsMember('flags:beta', "user-$user");
    $redis->get("ban:user:$user");  // nearly nobody is banned
}, 4, 5);
