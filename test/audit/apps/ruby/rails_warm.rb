# SPDX-License-Identifier: MIT
# Rails: entries are filled before anybody asks, and race_condition_ttl lets one caller renew each:
# it stores the old entry again, with a little more time, before it loads.
require_relative "traffic"
require "active_support"
require "active_support/cache"
require "active_support/cache/redis_cache_store"

def store
  ActiveSupport::Cache::RedisCacheStore.new(url: ENV["REDIS_URL"], namespace: "shop")
end

def product(cache, number)
  cache.fetch("product:#{number}", expires_in: 1 + number * 0.2, race_condition_ttl: 2) do
    load_row("shop:product:#{number}", 0.15)
  end
end

warm = store
(1..3).each { |number| product(warm, number) }
warm.redis.close
fleet(2) do |number|
  cache = store
  crowd(clients: 1, seconds: 6, seed: number) { |dice| product(cache, dice.rand(1..3)) }
end
