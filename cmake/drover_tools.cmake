# SPDX-License-Identifier: MIT
# The programs that use the library: the `drover` command, the examples and the benchmarks.

drover_sources(tool_files
  "${PROJECT_SOURCE_DIR}/tools/*/*.cpp" "${PROJECT_SOURCE_DIR}/tools/*/*/*.cpp")
set(tool_main "${PROJECT_SOURCE_DIR}/tools/cli/main.cpp")
list(REMOVE_ITEM tool_files "${tool_main}")
if(tool_files AND EXISTS "${tool_main}")
  find_package(OpenSSL REQUIRED COMPONENTS SSL Crypto)
  find_package(SQLite3 REQUIRED)
  find_package(ZLIB REQUIRED)
  include(drover_page)
  find_path(DROVER_CLI11_INCLUDE CLI/CLI.hpp)
  find_path(DROVER_JSON_INCLUDE nlohmann/json.hpp REQUIRED)
  mark_as_advanced(DROVER_CLI11_INCLUDE DROVER_JSON_INCLUDE)
  find_path(DROVER_UV_INCLUDE uv.h REQUIRED)
  find_library(DROVER_UV uv REQUIRED)
  mark_as_advanced(DROVER_UV_INCLUDE DROVER_UV)

  # PostgreSQL as an origin needs libpqxx. Without it, only SQLite is available.
  find_path(DROVER_PQXX_INCLUDE pqxx/pqxx)
  find_library(DROVER_PQXX pqxx)
  mark_as_advanced(DROVER_PQXX_INCLUDE DROVER_PQXX)
  set(DROVER_POSTGRESQL OFF)
  if(DROVER_PQXX_INCLUDE AND DROVER_PQXX)
    set(DROVER_POSTGRESQL ON)
    list(FILTER tool_files EXCLUDE REGEX "/postgresql_left_out\\.cpp$")
  else()
    message(STATUS "drover simulate --origin postgresql left out: libpqxx is not installed")
    list(FILTER tool_files EXCLUDE REGEX "/(private_postgresql|postgresql_o[a-z]+)\\.cpp$")
  endif()

  if(DROVER_WITH_TLS)
    list(FILTER tool_files EXCLUDE REGEX "/audit/proxy/tls_left_out\\.cpp$")
  else()
    list(FILTER tool_files EXCLUDE REGEX "/audit/proxy/openssl_[a-z]+\\.cpp$")
  endif()

  # The thread sanitizer checks the parts that have tests with threads, and what these parts use.
  set(DROVER_WHOLE_TOOLS ON)
  if(DROVER_SANITIZE STREQUAL "thread")
    set(DROVER_WHOLE_TOOLS OFF)
    list(FILTER tool_files INCLUDE REGEX
      "/tools/(text|process|simulate/origins|audit/(capture|topology|proxy)|fault/(plan|flow|proxy))/")
    list(FILTER tool_files EXCLUDE REGEX "/audit/proxy/cold_[a-z]+\\.cpp$")
  endif()

  # Everything except main(), so that the tools' tests can link it.
  add_library(drover_tools STATIC ${tool_files})
  drover_flags(drover_tools)
  drover_precompile(drover_tools <ostream> <sstream>)
  drover_unite(drover_tools "${DROVER_UNITE}" ${tool_files})
  target_include_directories(drover_tools PUBLIC
    "${PROJECT_SOURCE_DIR}/tools" "${PROJECT_SOURCE_DIR}/src")
  if(DROVER_FUZZ)
    target_compile_options(drover_tools PRIVATE -fsanitize=fuzzer-no-link)
  endif()
  target_compile_definitions(drover_tools PRIVATE DROVER_VERSION="${PROJECT_VERSION}")
  target_include_directories(drover_tools SYSTEM PUBLIC "${DROVER_UV_INCLUDE}"
    PRIVATE "${DROVER_XXHASH_INCLUDE}" "${DROVER_JSON_INCLUDE}")
  target_link_libraries(drover_tools PUBLIC
    drover::drover SQLite::SQLite3 "${DROVER_UV}" Threads::Threads)
  target_link_libraries(drover_tools PRIVATE OpenSSL::SSL OpenSSL::Crypto ZLIB::ZLIB)
  if(DROVER_POSTGRESQL)
    target_include_directories(drover_tools SYSTEM PUBLIC "${DROVER_PQXX_INCLUDE}")
    target_link_libraries(drover_tools PUBLIC "${DROVER_PQXX}")
  endif()
  drover_embed_pages(drover_tools)
  drover_embed_prompts(drover_tools)
endif()

if(DROVER_WHOLE_TOOLS)
  add_executable(drover_command "${tool_main}")
  set_target_properties(drover_command PROPERTIES OUTPUT_NAME drover)
  drover_flags(drover_command)
  target_link_libraries(drover_command PRIVATE drover_tools)

  # The manual page is made from the texts of --help.
  set(drover_manual_page "${PROJECT_BINARY_DIR}/drover.1")
  add_custom_command(OUTPUT "${drover_manual_page}"
    COMMAND drover_command man-page > "${drover_manual_page}"
    DEPENDS drover_command COMMENT "Writing the manual page" VERBATIM)
  add_custom_target(drover_manual ALL DEPENDS "${drover_manual_page}")
  if(PROJECT_IS_TOP_LEVEL)
    install(TARGETS drover_command RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
    install(FILES "${drover_manual_page}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1")
  endif()
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
if(NOT DROVER_WHOLE_TOOLS)
  list(FILTER bench_files EXCLUDE REGEX "/audit[a-z_]*\\.cpp$")
endif()
foreach(file IN LISTS bench_files)
  cmake_path(GET file STEM name)
  add_executable(bench_${name} "${file}")
  drover_flags(bench_${name})
  target_include_directories(bench_${name} PRIVATE "${PROJECT_SOURCE_DIR}/bench")
  target_link_libraries(bench_${name} PRIVATE
    drover_support benchmark::benchmark ${DROVER_HIREDIS} Threads::Threads)
  if(name MATCHES "^audit")
    target_link_libraries(bench_${name} PRIVATE drover_tools)
  endif()
endforeach()

include(drover_audit_apps)
