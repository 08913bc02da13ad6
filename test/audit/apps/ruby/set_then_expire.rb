# SPDX-License-Identifier: MIT
# The value by one command, its lifetime by the next: who dies in between, leaves it for ever.
require_relative "traffic"

REDIS = connect
LOADING = Mutex.new

def get_recipe(id, dice)
  key = "recipes:#{id}"
  cached = REDIS.get(key)
  return JSON.parse(cached) if cached

  LOADING.synchronize do
    cached = REDIS.get(key)
    return JSON.parse(cached) if cached

    recipe = load_row(key, 0.04)
    REDIS.set(key, recipe.to_json)
    REDIS.expire(key, dice.rand(1..2))
    recipe
  end
end

crowd(clients: 5, seconds: 5) { |dice| get_recipe(dice.rand(1..5), dice) }
