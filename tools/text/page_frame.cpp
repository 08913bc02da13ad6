// SPDX-License-Identifier: MIT
#include "text/page_frame.hpp"

#include "text/page_parts.hpp"
#include "text/page_text.hpp"

namespace drover::text {
namespace {

std::string whole_script(const page_frame& all) {
  return std::string{shared_script} + std::string{all.script};
}

}  // namespace

std::string page_head(const page_frame& all) {
  const std::string policy =
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
      "script-src " +
      script_hash(chart_script) + ' ' + script_hash(whole_script(all));
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
         policy +
         "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n"
         "<link rel=\"icon\" href=\"data:,\">\n" +
         html_element("title", "", all.title + " - " + all.made_by) + "<style>\n" +
         std::string{shared_style} + std::string{all.style} + "</style>\n</head>\n";
}

std::string page_tail(const page_frame& all) {
  return "<footer>\n<p>Made by <b>" + html_escaped(all.made_by) +
         "</b>. The charts are drawn by Chart.js, which is part of this page; nothing is loaded "
         "from anywhere.</p>\n<details><summary>The licence of Chart.js</summary>\n" +
         html_element("pre", "", chart_licence) +
         "</details>\n</footer>\n<script type=\"application/json\" id=\"series\">" +
         safe_json(all.data) + "</script>\n<script>" + std::string{chart_script} +
         "</script>\n<script>" + whole_script(all) + "</script>\n</body>\n</html>\n";
}

}  // namespace drover::text
