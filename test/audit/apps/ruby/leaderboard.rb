# SPDX-License-Identifier: MIT
# Not a cache: a leaderboard, a list of recent scores, and who follows whom.
require_relative "traffic"

fleet(2) do |number|
  redis = connect
  crowd(clients: 4, seconds: 5, seed: number + 1) do |dice|
    player = "player-#{dice.rand(1..80)}"
    case dice.rand(1..4)
    when 1
      redis.zincrby("game:scores", dice.rand(1..50), player)
      redis.pipelined do |pipeline|
        pipeline.lpush("game:recent", "#{player}:#{dice.rand(1..50)}")
        pipeline.ltrim("game:recent", 0, 99)
      end
    when 2 then redis.zrevrange("game:scores", 0, 9, with_scores: true)
    when 3 then redis.zrevrank("game:scores", player)
    else redis.smembers("game:friends:#{player}")
    end
  end
end
