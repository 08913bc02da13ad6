# SPDX-License-Identifier: MIT
# Not a cache: redis-rack keeps the sessions of Rack applications, and writes them with each request.
require_relative "traffic"
require "rack"
require "rack/mock"
require "rack/session/redis"

fleet(2) do |process|
  site = lambda do |env|
    session = env["rack.session"]
    case env["PATH_INFO"]
    when "/buy" then session["basket"] = (session["basket"] || 0) + 1
    when "/leave" then session.destroy
    else session["basket"]
    end
    [200, {}, ["page"]]
  end
  app = Rack::Session::Redis.new(site, redis_server: "#{ENV['REDIS_URL']}/0/rack:session",
                                       expire_after: 4)
  cookies = {}
  crowd(clients: 6, seconds: 6, seed: process + 1) do |dice|
    roll = dice.rand
    path = if roll < 0.04 then "/leave" elsif roll < 0.4 then "/buy" else "/view" end
    reply = Rack::MockRequest.new(app).get(path, "HTTP_COOKIE" => cookies[dice].to_s)
    cookie = reply["Set-Cookie"]
    cookies[dice] = cookie.split(";").first if cookie
    cookies.delete(dice) if path == "/leave"
  end
end
