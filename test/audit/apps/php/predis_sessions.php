<?php
// SPDX-License-Identifier: MIT
// Not a cache: PHP's sessions in Redis through Predis' handler. Each process is one browser.
require 'Predis/autoload.php';
require 'traffic.php';

function client(): Predis\Client
{
    return new Predis\Client(str_replace('redis://', 'tcp://', getenv('REDIS_URL')), ['prefix' => 'sess:']);
}

ini_set('session.use_cookies', '0');
ini_set('session.cache_limiter', '');
ini_set('session.gc_maxlifetime', '4');

crowd(function (): void {
    static $handler;
    if (!$handler) {
        $handler = new Predis\Session\Handler(client(), ['gc_maxlifetime' => 4]);
        $handler->register();
    }
    session_id('visitor' . getmypid() . 'x' . mt_rand(1, 3));
    session_start();
    $_SESSION['clicks'] = ($_SESSION['clicks'] ?? 0) + 1;
    usleep(3000);
    mt_rand(1, 100) < 4 ? session_destroy() : session_write_close();
}, 6, 6);
