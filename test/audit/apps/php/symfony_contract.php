<?php
// SPDX-License-Identifier: MIT
// Symfony's cache contract: early expiration, and one load at a time on this host by a file lock.
require 'Symfony/Component/Cache/autoload.php';
require 'traffic.php';

use Symfony\Component\Cache\Adapter\RedisAdapter;
use Symfony\Component\Cache\LockRegistry;
use Symfony\Contracts\Cache\ItemInterface;

crowd(function (Redis $redis): void {
    static $cache;
    if ($cache === null) {
        $cache = new RedisAdapter($redis, 'reports');
        $cache->setCallbackWrapper([LockRegistry::class, 'compute']);  // as under php-fpm
    }
    $cache->get('sales', function (ItemInterface $item): array {
        $item->expiresAfter(2);
        return load('reports:sales', 150);
    });
}, 6, 7);
