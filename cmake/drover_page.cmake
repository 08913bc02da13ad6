# SPDX-License-Identifier: MIT
# Compiles the parts of the report pages into the tools: the project's styles and scripts, and
# Chart.js with its licence. Neither a page nor a build needs the network.

find_file(DROVER_CHART_JS NAMES chart.min.js
  PATHS /usr/share/javascript/chart.js /usr/share/nodejs/chart.js/dist NO_DEFAULT_PATH)
find_file(DROVER_CHART_LICENCE NAMES copyright LICENSE.md
  PATHS /usr/share/doc/libjs-chart.js /usr/share/nodejs/chart.js NO_DEFAULT_PATH)
mark_as_advanced(DROVER_CHART_JS DROVER_CHART_LICENCE)
foreach(needed IN ITEMS DROVER_CHART_JS DROVER_CHART_LICENCE)
  if(NOT ${needed})
    message(FATAL_ERROR "Chart.js 3, which draws the charts of the reports, is missing. On "
      "Debian: apt-get install libjs-chart.js. Elsewhere: -DDROVER_CHART_JS=.../chart.min.js and "
      "-DDROVER_CHART_LICENCE=... (the file with its licence). "
      "Or build without the tools: -DDROVER_BUILD_TOOLS=OFF")
  endif()
endforeach()

# drover_embed(<target> <namespace>::<name> <header that declares it> <file>)
function(drover_embed target name header file)
  string(REPLACE "::" "_" stem "${name}")
  set(made "${PROJECT_BINARY_DIR}/embedded/${stem}.cpp")
  add_custom_command(OUTPUT "${made}"
    COMMAND "${CMAKE_COMMAND}" "-DINPUT=${file}" "-DOUTPUT=${made}" "-DNAME=${name}"
      "-DHEADER=${header}" -P "${PROJECT_SOURCE_DIR}/cmake/embed_text.cmake"
    DEPENDS "${file}" "${PROJECT_SOURCE_DIR}/cmake/embed_text.cmake"
    COMMENT "Embedding ${name}" VERBATIM)
  target_sources(${target} PRIVATE "${made}")
  set_source_files_properties("${made}" PROPERTIES UNITY_GROUP embedded)
endfunction()

function(drover_embed_pages target)
  set(tools "${PROJECT_SOURCE_DIR}/tools")
  drover_embed(${target} text::shared_style text/page_parts.hpp "${tools}/text/page.css")
  drover_embed(${target} text::shared_script text/page_parts.hpp "${tools}/text/page.js")
  drover_embed(${target} text::chart_script text/page_parts.hpp "${DROVER_CHART_JS}")
  drover_embed(${target} text::chart_licence text/page_parts.hpp "${DROVER_CHART_LICENCE}")
  set(own simulate/report/page_parts.hpp)
  drover_embed(${target} simulate::page_style ${own} "${tools}/simulate/report/page.css")
  drover_embed(${target} simulate::page_script ${own} "${tools}/simulate/report/page.js")
  set(own audit/report/page_parts.hpp)
  drover_embed(${target} audit::page_style ${own} "${tools}/audit/report/page.css")
  foreach(script IN ITEMS marks rows pointing typing lanes page)
    drover_embed(${target} audit::${script}_script ${own} "${tools}/audit/report/${script}.js")
  endforeach()
endfunction()

# Embeds the texts of the prompt kit and the code that they contain.
function(drover_embed_prompts target)
  set(kit "${PROJECT_SOURCE_DIR}/tools/prompts/kit")
  set(own prompts/kit.hpp)
  foreach(name IN ITEMS rules write review fix skill)
    drover_embed(${target} prompts::${name} ${own} "${kit}/${name}.md")
  endforeach()
  foreach(language IN ITEMS python node cpp)
    drover_embed(${target} prompts::${language}_reference ${own} "${kit}/${language}.md")
  endforeach()
  drover_embed(${target} prompts::python_code ${own} "${kit}/guarded_cache.py")
  drover_embed(${target} prompts::node_code ${own} "${kit}/guarded_cache.mjs")
  drover_embed(${target} prompts::cpp_code ${own}
    "${PROJECT_SOURCE_DIR}/examples/07_price_service.cpp")
endfunction()
