// SPDX-License-Identifier: MIT
#include "audit/rules/all_rules.hpp"

namespace drover::audit {

// A rule's file defines its maker; here it is named.

std::unique_ptr<rule> make_c101();
std::unique_ptr<rule> make_c102();
std::unique_ptr<rule> make_c103();
std::unique_ptr<rule> make_c104();
std::unique_ptr<rule> make_c105();
std::unique_ptr<rule> make_c106();
std::unique_ptr<rule> make_c201();
std::unique_ptr<rule> make_c202();
std::unique_ptr<rule> make_c203();
std::unique_ptr<rule> make_c204();
std::unique_ptr<rule> make_c205();
std::unique_ptr<rule> make_c206();
std::unique_ptr<rule> make_c207();
std::unique_ptr<rule> make_c208();
std::unique_ptr<rule> make_c209();
std::unique_ptr<rule> make_c210();
std::unique_ptr<rule> make_c211();
std::unique_ptr<rule> make_c212();
std::unique_ptr<rule> make_c301();
std::unique_ptr<rule> make_c302();
std::unique_ptr<rule> make_c303();
std::unique_ptr<rule> make_c304();
std::unique_ptr<rule> make_c305();
std::unique_ptr<rule> make_c401();
std::unique_ptr<rule> make_c402();
std::unique_ptr<rule> make_c403();
std::unique_ptr<rule> make_c404();
std::unique_ptr<rule> make_c501();
std::unique_ptr<rule> make_c502();
std::unique_ptr<rule> make_c503();
std::unique_ptr<rule> make_c601();
std::unique_ptr<rule> make_c602();
std::unique_ptr<rule> make_c603();
std::unique_ptr<rule> make_c604();
std::unique_ptr<rule> make_c605();
std::unique_ptr<rule> make_c902();
std::unique_ptr<rule> make_c903();
std::unique_ptr<rule> make_c904();
std::unique_ptr<rule> make_library_watch();  // the last: it looks at what the others found

std::vector<std::unique_ptr<rule>> all_rules() {
  std::vector<std::unique_ptr<rule>> all;
  all.push_back(make_c101());
  all.push_back(make_c102());
  all.push_back(make_c103());
  all.push_back(make_c104());
  all.push_back(make_c105());
  all.push_back(make_c106());
  all.push_back(make_c201());
  all.push_back(make_c202());
  all.push_back(make_c203());
  all.push_back(make_c204());
  all.push_back(make_c205());
  all.push_back(make_c206());
  all.push_back(make_c207());
  all.push_back(make_c208());
  all.push_back(make_c209());
  all.push_back(make_c210());
  all.push_back(make_c211());
  all.push_back(make_c212());
  all.push_back(make_c301());
  all.push_back(make_c302());
  all.push_back(make_c303());
  all.push_back(make_c304());
  all.push_back(make_c305());
  all.push_back(make_c401());
  all.push_back(make_c402());
  all.push_back(make_c403());
  all.push_back(make_c404());
  all.push_back(make_c501());
  all.push_back(make_c502());
  all.push_back(make_c503());
  all.push_back(make_c601());
  all.push_back(make_c602());
  all.push_back(make_c603());
  all.push_back(make_c604());
  all.push_back(make_c605());
  all.push_back(make_c902());
  all.push_back(make_c903());
  all.push_back(make_c904());
  all.push_back(make_library_watch());
  return all;
}

}  // namespace drover::audit
