# SPDX-License-Identifier: MIT
# redis-activesupport's RedisStore with fetch(): it reads, loads and stores, and guards nothing.
require_relative "traffic"
require "active_support"
require "connection_pool"
require "active_support/cache"
require "active_support/cache/redis_store"

fleet(2) do |process|
  cache = ActiveSupport::Cache::RedisStore.new("#{ENV['REDIS_URL']}/0/shop", pool_size: 5)
  crowd(clients: 5, seconds: 6, seed: process + 1) do
    cache.fetch("offer:1", expires_in: 1) { load_row("shop:offer:1", 0.15) }
  end
end
