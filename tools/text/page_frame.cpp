// SPDX-License-Identifier: MIT
#include "text/page_frame.hpp"

#include "text/page_parts.hpp"
#include "text/page_text.hpp"

namespace drover::text {
namespace {

std::string page_script(const page_frame& frame) {
  return std::string{shared_script} + std::string{frame.script};
}

}  // namespace

std::string page_head(const page_frame& frame) {
  const std::string policy =
      "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
      "script-src " +
      script_hash(chart_script) + ' ' + script_hash(page_script(frame));
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"" +
         policy +
         "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<meta name=\"color-scheme\" content=\"light dark\">\n"
         "<link rel=\"icon\" href=\"data:,\">\n" +
         html_element("title", "", frame.title + " - " + frame.made_by) + "<style>\n" +
         std::string{shared_style} + std::string{frame.style} + "</style>\n</head>\n";
}

std::string page_tail(const page_frame& frame) {
  return "<footer>\n<p>Made by <b>" + html_escaped(frame.made_by) +
         "</b>. The charts are drawn by Chart.js, which is part of this page. The page loads "
         "nothing from the network.</p>\n<details><summary>The licence of Chart.js</summary>\n" +
         html_element("pre", "", chart_licence) +
         "</details>\n</footer>\n<script type=\"application/json\" id=\"series\">" +
         safe_json(frame.data) + "</script>\n<script>" + std::string{chart_script} +
         "</script>\n<script>" + page_script(frame) + "</script>\n</body>\n</html>\n";
}

}  // namespace drover::text
