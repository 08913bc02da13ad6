# SPDX-License-Identifier: MIT
# Not a cache: rollout keeps feature flags in Redis. Requests read them; one administrator changes
# them now and then. A flag that does not exist yet is off. Flags have no end.
require_relative "traffic"
require "rollout"

FEATURES = %i[new_basket fast_search dark_mode gift_cards].freeze

fleet(3) do |process|
  rollout = Rollout.new(connect)
  if process.zero?
    crowd(clients: 1, seconds: 6, seed: 1) do |dice|
      feature = FEATURES[dice.rand(FEATURES.size)]
      case dice.rand(12)
      when 0 then rollout.activate(feature)
      when 1 then rollout.deactivate(feature)
      when 2 then rollout.activate_percentage(feature, dice.rand(1..99))
      when 3 then rollout.activate_user(feature, dice.rand(1..50).to_s)
      when 4 then rollout.activate_group(feature, :staff)
      else rollout.features
      end
    end
  else
    connections = Array.new(4) { Rollout.new(connect) }
    crowd(clients: 4, seconds: 6, seed: process + 1) do |dice|
      flags = connections[dice.rand(connections.size)]
      flags.active?(FEATURES[dice.rand(FEATURES.size)], dice.rand(1..50).to_s)
    end
  end
end
