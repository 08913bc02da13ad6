<?php
// SPDX-License-Identifier: MIT
// Symfony's cache contract in workers: on the command line it takes no file lock, so all load.
require 'Symfony/Component/Cache/autoload.php';
require 'traffic.php';

use Symfony\Component\Cache\Adapter\RedisAdapter;
use Symfony\Contracts\Cache\ItemInterface;

crowd(function (Redis $redis): void {
    static $cache;
    $cache ??= new RedisAdapter($redis, 'reports');
    $cache->get('sales', function (ItemInterface $item): array {
        $item->expiresAfter(2);
        return load('reports:sales', 150);
    });
}, 6, 7);
