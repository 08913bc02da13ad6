// SPDX-License-Identifier: MIT
#include "audit/capture/conversation.hpp"

#include <utility>

#include "audit/capture/conversation_state.hpp"

namespace drover::audit {

conversation_state::conversation_state(capture_core& of, connection_opened opened,
                                       conversation_listener* listener)
    : of_{of},
      listener_{listener},
      connection_{opened.connection},
      tail_{of.key()},
      reader_{kept_of_requests(), &tail_},
      events_{of},
      collector_{of.key()} {
  of_.tell(std::move(opened));
}

conversation::conversation(capture& of, connection_opened opened, conversation_listener* listener)
    : state_{std::make_unique<conversation_state>(*of.core_, std::move(opened), listener)} {}
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
