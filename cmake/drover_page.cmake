# SPDX-License-Identifier: MIT
# What the pages of reports are made of, compiled in: our style and script, and Chart.js with its
# licence. A page needs no network, and so does a build.

find_file(DROVER_CHART_JS NAMES chart.min.js
  PATHS /usr/share/javascript/chart.js /usr/share/nodejs/chart.js/dist NO_DEFAULT_PATH)
find_file(DROVER_CHART_LICENCE NAMES copyright LICENSE.md
  PATHS /usr/share/doc/libjs-chart.js /usr/share/nodejs/chart.js NO_DEFAULT_PATH)
mark_as_advanced(DROVER_CHART_JS DROVER_CHART_LICENCE)
foreach(needed IN ITEMS DROVER_CHART_JS DROVER_CHART_LICENCE)
  if(NOT ${needed})
    message(FATAL_ERROR "Chart.js 3 is missing, which draws the pages of `drover simulate`. On "
      "Debian: apt-get install libjs-chart.js. Elsewhere: -DDROVER_CHART_JS=.../chart.min.js and "
      "-DDROVER_CHART_LICENCE=... (its licence, which goes with it). "
      "Or build without the tools: -DDROVER_BUILD_TOOLS=OFF")
  endif()
endforeach()

function(drover_embed target name file)
  set(made "${PROJECT_BINARY_DIR}/page/${name}.cpp")
  add_custom_command(OUTPUT "${made}"
    COMMAND "${CMAKE_COMMAND}" "-DINPUT=${file}" "-DOUTPUT=${made}" "-DNAME=${name}"
      "-DHEADER=simulate_report/page_parts.hpp" -P "${PROJECT_SOURCE_DIR}/cmake/embed_text.cmake"
    DEPENDS "${file}" "${PROJECT_SOURCE_DIR}/cmake/embed_text.cmake"
    COMMENT "Embedding ${name}" VERBATIM)
  target_sources(${target} PRIVATE "${made}")
endfunction()

function(drover_embed_page target)
  set(folder "${PROJECT_SOURCE_DIR}/tools/simulate_report")
  drover_embed(${target} page_style "${folder}/page.css")
  drover_embed(${target} page_script "${folder}/page.js")
  drover_embed(${target} chart_script "${DROVER_CHART_JS}")
  drover_embed(${target} chart_licence "${DROVER_CHART_LICENCE}")
endfunction()
