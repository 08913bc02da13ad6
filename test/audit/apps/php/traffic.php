<?php
// SPDX-License-Identifier: MIT
// What drives the applications of this folder: processes that ask, and an origin that counts.
// Nothing in here caches anything. An application's own file holds all of its caching code.

function connect(): Redis
{
    $url = parse_url(getenv('REDIS_URL') ?: 'redis://127.0.0.1:6379');
    $redis = new Redis();
    $redis->connect($url['host'], $url['port'] ?? 6379);
    return $redis;
}

/** The database: takes its time, and leaves a line in the log named by ORIGIN_LOG. */
function load(string $key, int $ms): array
{
    if (getenv('ORIGIN_LOG')) {
        file_put_contents(getenv('ORIGIN_LOG'), "load $key\n", FILE_APPEND);
    }
    usleep($ms * 1000);
    return ['key' => $key, 'loaded_at' => microtime(true), 'text' => str_repeat('x', 60)];
}

/** Processes that call $ask($redis) again and again, with a pause of 10 to 40 ms between. */
function crowd(callable $ask, int $processes = 8, float $seconds = 5): void
{
    $children = [];
    for ($number = 0; $number < $processes; ++$number) {
        $child = pcntl_fork();
        if ($child === 0) {
            mt_srand($number + 1);
            $redis = connect();
            $end = microtime(true) + $seconds;
            while (microtime(true) < $end) {
                $ask($redis);
                usleep(mt_rand(10000, 40000));
            }
            exit(0);
        }
        $children[] = $child;
    }
    $failed = 0;
    foreach ($children as $child) {
        pcntl_waitpid($child, $status);
        $failed += pcntl_wexitstatus($status);
    }
    exit($failed === 0 ? 0 : 1);
}
