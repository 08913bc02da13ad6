# SPDX-License-Identifier: MIT
# The whole catalogue in one value: more than a megabyte for each reader.
require_relative "traffic"

REDIS = connect
LOADING = Mutex.new

def get_catalogue
  cached = REDIS.get("shop:catalogue")
  return cached if cached

  LOADING.synchronize do
    cached = REDIS.get("shop:catalogue")
    return cached if cached

    load_row("shop:catalogue", 0.1)
    catalogue = Array.new(12_000) { |n| { id: n, name: "product #{n}", text: "y" * 70 } }.to_json
    REDIS.set("shop:catalogue", catalogue, px: 1500)
    catalogue
  end
end

crowd(clients: 3, seconds: 5) { get_catalogue }
