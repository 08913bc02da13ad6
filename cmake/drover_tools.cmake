# SPDX-License-Identifier: MIT
# What is built on top of the library: the `drover` command, the examples, the benchmarks.

drover_sources(tool_files "${PROJECT_SOURCE_DIR}/tools/*/*.cpp")
set(tool_main "${PROJECT_SOURCE_DIR}/tools/cli/main.cpp")
list(REMOVE_ITEM tool_files "${tool_main}")
if(tool_files AND EXISTS "${tool_main}")
  find_package(SQLite3 REQUIRED)
  find_path(DROVER_CLI11_INCLUDE CLI/CLI.hpp)
  mark_as_advanced(DROVER_CLI11_INCLUDE)

  # All but main(), so that the tools' tests can link it too.
  add_library(drover_tools STATIC ${tool_files})
  drover_flags(drover_tools)
  target_include_directories(drover_tools PUBLIC
    "${PROJECT_SOURCE_DIR}/tools" "${PROJECT_SOURCE_DIR}/src")
  target_compile_definitions(drover_tools PRIVATE DROVER_VERSION="${PROJECT_VERSION}")
  target_link_libraries(drover_tools PUBLIC drover::drover SQLite::SQLite3 Threads::Threads)

  add_executable(drover_command "${tool_main}")
  set_target_properties(drover_command PROPERTIES OUTPUT_NAME drover)
  drover_flags(drover_command)
  target_link_libraries(drover_command PRIVATE drover_tools)
endif()

add_custom_target(drover_examples)
file(GLOB example_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/examples/*.cpp")
foreach(file IN LISTS example_files)
  cmake_path(GET file STEM name)
  add_executable(example_${name} "${file}")
  drover_flags(example_${name})
  target_link_libraries(example_${name} PRIVATE drover::drover Threads::Threads)
  add_dependencies(drover_examples example_${name})
endforeach()

file(GLOB bench_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/bench/*.cpp")
find_path(DROVER_HIREDIS_INCLUDE hiredis/hiredis.h)
find_library(DROVER_HIREDIS hiredis)
find_package(benchmark QUIET)
mark_as_advanced(DROVER_HIREDIS_INCLUDE DROVER_HIREDIS benchmark_DIR)
if(bench_files AND NOT (DROVER_HIREDIS AND DROVER_HIREDIS_INCLUDE AND benchmark_FOUND))
  message(STATUS "Benchmarks left out: hiredis or google-benchmark is not installed")
  set(bench_files)
endif()
foreach(file IN LISTS bench_files)
  cmake_path(GET file STEM name)
  add_executable(bench_${name} "${file}")
  drover_flags(bench_${name})
  target_include_directories(bench_${name} PRIVATE "${PROJECT_SOURCE_DIR}/bench")
  target_link_libraries(bench_${name} PRIVATE
    drover_support benchmark::benchmark ${DROVER_HIREDIS} Threads::Threads)
endforeach()
