// SPDX-License-Identifier: MIT
#include "audit/capture/capture.hpp"

#include <utility>

#include "audit/capture/capture_core.hpp"
#include "audit/capture/limits.hpp"

namespace drover::audit {

capture::capture(const capture_options& options, record_sink& sink)
    : core_{std::make_unique<capture_core>(options, sink)} {}
capture::~capture() = default;

void capture::emit(record next) { core_->emit(std::move(next)); }

std::string capture::recorded_name(std::string_view key) const {
  std::string out;
  core_->set_recorded_name(key.substr(0, name_bytes_max), digest_of(key), out);
  return out;
}

digest capture::digest_of(std::string_view value) const {
  return audit::digest_of(core_->key(), value);
}

bool capture::knows_script(std::string_view script) const { return core_->knows_script(script); }

std::uint64_t capture::bytes() const noexcept { return core_->bytes(); }

}  // namespace drover::audit
