# SPDX-License-Identifier: MIT
# Not a cache: Rack::Attack counts the requests of an address, and bans who fails to log in.
require_relative "traffic"
require "active_support"
require "active_support/cache"
require "active_support/cache/redis_cache_store"
require "rack"
require "rack/mock"
require "rack/attack"

Rack::Attack.throttle("address", limit: 25, period: 1, &:ip)
Rack::Attack.blocklist("fail2ban") do |request|
  Rack::Attack::Fail2Ban.filter("log-in-#{request.ip}", maxretry: 4, findtime: 2, bantime: 1) do
    request.path == "/login" && request.params["password"] != "right"
  end
end

fleet(2) do |process|
  Rack::Attack.cache.store = ActiveSupport::Cache::RedisCacheStore.new(
    url: ENV["REDIS_URL"], pool_size: 5, pool_timeout: 5
  )
  app = Rack::Attack.new(->(_) { [200, {}, ["page"]] })
  crowd(clients: 5, seconds: 6, seed: process + 1) do |dice|
    path = dice.rand < 0.1 ? "/login?password=wrong" : "/"
    Rack::MockRequest.new(app).get(path, "REMOTE_ADDR" => "10.0.0.#{dice.rand(1..5)}")
  end
end
