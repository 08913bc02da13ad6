<?php
// SPDX-License-Identifier: MIT
// Not a cache: PHP's own sessions in Redis, with the lock that phpredis takes around a request.
require 'traffic.php';

ini_set('session.save_handler', 'redis');
ini_set('session.save_path', str_replace('redis://', 'tcp://', getenv('REDIS_URL')));
ini_set('session.use_cookies', '0');
ini_set('session.cache_limiter', '');
ini_set('redis.session.locking_enabled', '1');
ini_set('redis.session.lock_expire', '10');
ini_set('redis.session.lock_wait_time', '20000');
ini_set('redis.session.lock_retries', '200');

crowd(function (Redis $redis): void {
    session_id('visitor' . mt_rand(1, 6));
    session_start();
    $_SESSION['clicks'] = ($_SESSION['clicks'] ?? 0) + 1;
    usleep(3000);
    session_write_close();
}, 5, 5);
