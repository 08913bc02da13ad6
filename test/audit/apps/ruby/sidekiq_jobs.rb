# SPDX-License-Identifier: MIT
# Not a cache: sidekiq. One process puts jobs in, at once and for later; another works them off and
# tries again what failed.
require_relative "traffic"
require "sidekiq"
require "sidekiq/launcher"
require "sidekiq/scheduled"

Sidekiq.logger.level = Logger::FATAL

class Mail
  include Sidekiq::Worker
  sidekiq_options retry: 2, backtrace: false
  sidekiq_retry_in { 1 }

  def perform(number, fragile)
    sleep 0.02
    raise "no such address" if fragile && number.odd?
  end
end

def produce
  crowd(clients: 2, seconds: 6) do |dice|
    number = dice.rand(1..99)
    if dice.rand < 0.2
      Mail.perform_in(0.5, number, false)
    else
      Mail.perform_async(number, dice.rand < 0.1)
    end
    sleep 0.03
  end
end

def work
  Sidekiq.average_scheduled_poll_interval = 1
  Sidekiq.options[:queues] = ["default"]
  Sidekiq.options[:concurrency] = 3
  Sidekiq.options[:poll_interval_average] = 1
  launcher = Sidekiq::Launcher.new(Sidekiq.options)
  launcher.run
  sleep 8
  launcher.stop
end

fleet(2) do |number|
  Sidekiq.configure_client { |config| config.redis = { url: ENV["REDIS_URL"] } }
  Sidekiq.configure_server { |config| config.redis = { url: ENV["REDIS_URL"] } }
  number.zero? ? produce : work
end
