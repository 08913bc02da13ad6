# SPDX-License-Identifier: MIT
# Rails: race_condition_ttl lets one caller renew what has ended. A key that is cold it leaves to
# everybody.
require_relative "traffic"
require "active_support"
require "active_support/cache"
require "active_support/cache/redis_cache_store"

fleet(2) do |number|
  cache = ActiveSupport::Cache::RedisCacheStore.new(
    url: ENV["REDIS_URL"], namespace: "shop", pool_size: 5, pool_timeout: 5
  )
  crowd(clients: 5, seconds: 6, seed: number) do |dice|
    product = dice.rand(1..3)
    cache.fetch("product:#{product}", expires_in: 1, race_condition_ttl: 2) do
      load_row("shop:product:#{product}", 0.15)
    end
    cache.delete("product:#{product}") if dice.rand < 0.005
  end
end
