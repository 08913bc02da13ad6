// SPDX-License-Identifier: MIT
#include "audit/capture/conversation.hpp"

#include <utility>

#include "audit/capture/conversation_state.hpp"

namespace drover::audit {

conversation_state::conversation_state(capture_core& core, connection_opened opened,
                                       conversation_listener* listener)
    : core_{core},
      listener_{listener},
      connection_{opened.connection},
      tail_{core.key()},
      reader_{kept_of_requests(), &tail_},
      events_{core},
      collector_{core.key()} {
  core_.emit(std::move(opened));
}

conversation::conversation(capture& parent, connection_opened opened,
                           conversation_listener* listener)
    : state_{std::make_unique<conversation_state>(*parent.core_, std::move(opened), listener)} {}
conversation::~conversation() = default;

void conversation::client_sent(std::string_view bytes, moment at) {
  state_->client_sent(bytes, at);
}
void conversation::server_sent(std::string_view bytes, moment at) {
  state_->server_sent(bytes, at);
}
void conversation::closed(moment at, bool by_client) { state_->closed(at, by_client); }
bool conversation::is_blind() const noexcept { return state_->is_blind(); }
bool conversation::is_idle() const noexcept { return state_->is_idle(); }

}  // namespace drover::audit
