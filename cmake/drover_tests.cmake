# SPDX-License-Identifier: MIT
# The test programs: <layer>_test from src/<layer>/*_test.cpp, values_test, integration_test,
# world_integration_test, tools_test, tools_threads_test, fuzz_<name>, and the integration tests of
# the tools: audit_integration_test, fault_integration_test and simulate_integration_test.
# drover_world and drover_campaign have those of the simulated world and of the campaign.
#
# Each test has the label `unit` or `integration`. The suffix `_threads` marks the tests that also
# run under the thread sanitizer: all tests of the executables in DROVER_THREADED, and the suites
# whose name starts with `threads_`. A suffix is used because gtest_discover_tests cannot pass a
# list of labels; `ctest -L threads` matches it. The tools have their own executables. Their unit
# test files with `threads_` suites are in a separate one, so that a run of the thread sanitizer
# does not build the others.

find_package(GTest REQUIRED)
find_library(DROVER_HIREDIS hiredis)
include(GoogleTest)

set(DROVER_THREADED connection_test cache_test integration_test)

# docs/internals/builds.md says which tests run in which build, and why. A run of all parts leaves
# the tests of DROVER_RUN_BY_ASAN, whose labels end in `_asan`, to the asan build: `all` does not
# contain them. A sanitizer build contains what is in DROVER_RUN_BY_DEV only by name.
set(DROVER_RUN_BY_ASAN)
set(DROVER_RUN_BY_DEV)
if(DROVER_SANITIZE)
  set(DROVER_RUN_BY_DEV simulate_integration_test)
elseif(DROVER_BATCH_TESTS)
  set(DROVER_RUN_BY_ASAN tools_test audit_integration_test fault_integration_test)
  add_custom_target(drover_run_by_asan)
endif()

add_custom_target(drover_tests)     # all programs that ctest runs, and the fuzz targets
add_custom_target(drover_threaded)  # all programs that `ctest -L threads` runs

function(drover_test_target target)
  drover_flags(${target})
  target_include_directories(${target} SYSTEM PRIVATE "${DROVER_XXHASH_INCLUDE}")
  target_compile_definitions(${target} PRIVATE
    DROVER_PROCESS_DIR="${PROJECT_BINARY_DIR}/bin/process"
    DROVER_EXAMPLE_DIR="${PROJECT_BINARY_DIR}/bin")
  target_link_libraries(${target} PRIVATE drover_support Threads::Threads)
endfunction()

# The slow headers are compiled once for all tests.
if(DROVER_PRECOMPILE)
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/empty.cpp" CONTENT "")
  add_library(drover_precompiled STATIC EXCLUDE_FROM_ALL "${PROJECT_BINARY_DIR}/empty.cpp")
  drover_test_target(drover_precompiled)
  target_link_libraries(drover_precompiled PRIVATE GTest::gtest_main)
  drover_precompile(drover_precompiled <gtest/gtest.h> <filesystem> <latch> <sstream>)
endif()

# The files in ARGN that have a suite for the thread sanitizer.
function(drover_threaded_files out)
  set(found)
  foreach(file IN LISTS ARGN)
    file(STRINGS "${file}" threaded REGEX "^TEST(_[FP])?\\(threads_" LIMIT_COUNT 1)
    if(threaded)
      list(APPEND found "${file}")
    endif()
  endforeach()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

# A process takes several tenths of a second to begin and to end under a sanitizer, which is longer
# than most unit tests take. A batch is one process, and one test of ctest. Only batches look for
# uses of a stack frame after its return, which takes a third of the time of the other tests.
set(drover_unit_asan "ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1")
function(drover_register_batches target label)
  cmake_parse_arguments(batch "" "NAME;FILTER" "FILES" ${ARGN})
  list(LENGTH batch_FILES count)
  math(EXPR count "(${count} + 14) / 15")
  math(EXPR last "${count} - 1")
  foreach(index RANGE ${last})
    set(name "${batch_NAME}_${index}")
    add_test(NAME ${name} COMMAND ${target} --gtest_brief=1 "--gtest_filter=${batch_FILTER}")
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 900 COST 50
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${count};GTEST_SHARD_INDEX=${index};${drover_unit_asan}")
  endforeach()
endfunction()

function(drover_register_unit_batches target)
  string(REPLACE "_test" "/" prefix ${target})
  if(target IN_LIST DROVER_THREADED)
    drover_register_batches(${target} unit_threads NAME ${prefix}batch FILTER "*" FILES ${ARGN})
    return()
  endif()
  drover_threaded_files(threaded_files ${ARGN})
  if(threaded_files)
    drover_register_batches(${target} unit_threads
      NAME ${prefix}threads_batch FILTER "threads_*" FILES ${threaded_files})
  endif()
  set(label unit)
  if(target IN_LIST DROVER_RUN_BY_ASAN)
    set(label unit_asan)
  endif()
  drover_register_batches(${target} ${label}
    NAME ${prefix}batch FILTER "-threads_*" FILES ${ARGN})
endfunction()

# Integration tests under a sanitizer, and those that the asan build runs for dev, have a process
# for each suite. The last one runs the tests whose suite is in no file of ARGN, so that none is
# left out.
function(drover_register_suites target label)
  string(REPLACE "_test" "/" prefix ${target})
  set(suites)
  foreach(file IN LISTS ARGN)
    file(STRINGS "${file}" lines REGEX "^TEST(_[FP])?\\([a-z_0-9]+,")
    list(TRANSFORM lines REPLACE "^TEST(_[FP])?\\(([a-z_0-9]+),.*$" "\\2")
    list(APPEND suites ${lines})
  endforeach()
  list(REMOVE_DUPLICATES suites)
  set(others "*-")
  foreach(suite IN LISTS suites ITEMS others)
    set(filter "${suite}.*:*/${suite}.*")
    set(more)
    if(suite STREQUAL "others")
      set(filter "${others}")
    else()
      string(APPEND others "${filter}:")
    endif()
    if(target IN_LIST DROVER_THREADED OR suite MATCHES "^(threads_|others$)")
      set(more _threads)
    endif()
    if(target IN_LIST DROVER_RUN_BY_ASAN)
      string(APPEND more _asan)
    endif()
    add_test(NAME ${prefix}${suite}
      COMMAND ${target} --gtest_brief=1 "--gtest_filter=${filter}")
    set_tests_properties(${prefix}${suite} PROPERTIES
      LABELS ${label}${more} TIMEOUT 900 COST 100)
  endforeach()
endfunction()

function(drover_register target label)
  if(DROVER_BATCH_TESTS AND label STREQUAL "unit")
    drover_register_unit_batches(${target} ${ARGN})
    return()
  endif()
  if(target IN_LIST DROVER_RUN_BY_ASAN OR (DROVER_BATCH_TESTS AND DROVER_SANITIZE))
    drover_register_suites(${target} ${label} ${ARGN})
    return()
  endif()
  string(REPLACE "_test" "/" prefix ${target})
  set(common DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 TEST_PREFIX ${prefix})
  set(cost 0)
  if(label STREQUAL "integration")
    set(cost 100)  # integration tests take the longest, so ctest starts them first
  endif()
  if(target IN_LIST DROVER_THREADED)
    gtest_discover_tests(${target} ${common}
      PROPERTIES LABELS ${label}_threads TIMEOUT 300 COST ${cost})
    return()
  endif()
  gtest_discover_tests(${target} ${common} TEST_FILTER "threads_*"
    PROPERTIES LABELS ${label}_threads TIMEOUT 300 COST ${cost})
  gtest_discover_tests(${target} ${common} TEST_FILTER "-threads_*"
    PROPERTIES LABELS ${label} TIMEOUT 300 COST ${cost})
endfunction()

function(drover_gtest target label)
  add_executable(${target} ${ARGN})
  drover_test_target(${target})
  drover_unite_tests(${target} ${ARGN})
  target_link_libraries(${target} PRIVATE GTest::gtest_main)
  if(TARGET drover_precompiled)
    target_precompile_headers(${target} REUSE_FROM drover_precompiled)
  endif()
  if(target IN_LIST DROVER_RUN_BY_DEV)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
    return()
  endif()
  if(target IN_LIST DROVER_RUN_BY_ASAN)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
    add_dependencies(drover_run_by_asan ${target})
  endif()
  drover_register(${target} ${label} ${ARGN})
  add_dependencies(drover_tests ${target})
  drover_threaded_files(threaded_files ${ARGN})
  if(threaded_files OR target IN_LIST DROVER_THREADED)
    add_dependencies(drover_threaded ${target})
  endif()
endfunction()

foreach(layer IN LISTS DROVER_LAYERS)
  file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${layer}/*_test.cpp")
  if(files)
    drover_gtest(${layer}_test unit ${files})
  endif()
endforeach()

# The codecs and keys of the public headers. Codecs that need a package are tested where it is
# installed; `./run test` installs all.
find_path(DROVER_MSGPACK_INCLUDE msgpack.hpp)
find_path(DROVER_ZSTD_INCLUDE zstd.h)
find_library(DROVER_ZSTD zstd)
find_package(Protobuf QUIET)
mark_as_advanced(DROVER_MSGPACK_INCLUDE DROVER_ZSTD_INCLUDE DROVER_ZSTD)
file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/test/values/*_test.cpp")
if(NOT DROVER_MSGPACK_INCLUDE)
  list(FILTER files EXCLUDE REGEX "/msgpack_codec_test\\.cpp$")
endif()
if(NOT DROVER_ZSTD OR NOT DROVER_ZSTD_INCLUDE)
  list(FILTER files EXCLUDE REGEX "/zstd_codec_test\\.cpp$")
endif()
if(NOT Protobuf_FOUND OR NOT Protobuf_PROTOC_EXECUTABLE)
  list(FILTER files EXCLUDE REGEX "/protobuf_codec_test\\.cpp$")
endif()
drover_gtest(values_test unit ${files})
if(DROVER_ZSTD)
  target_link_libraries(values_test PRIVATE "${DROVER_ZSTD}")
endif()
if(Protobuf_FOUND AND Protobuf_PROTOC_EXECUTABLE)
  protobuf_generate_cpp(proto_sources proto_headers
    "${PROJECT_SOURCE_DIR}/test/values/profile.proto")
  add_library(drover_test_messages STATIC EXCLUDE_FROM_ALL ${proto_sources} ${proto_headers})
  target_include_directories(drover_test_messages SYSTEM PUBLIC "${CMAKE_CURRENT_BINARY_DIR}")
  target_link_libraries(drover_test_messages PUBLIC protobuf::libprotobuf)
  target_link_libraries(values_test PRIVATE drover_test_messages)
endif()

if(TARGET drover_tools)
  file(GLOB files CONFIGURE_DEPENDS
    "${PROJECT_SOURCE_DIR}/tools/*/*_test.cpp" "${PROJECT_SOURCE_DIR}/tools/*/*/*_test.cpp")
  if(NOT DROVER_POSTGRESQL)
    list(FILTER files EXCLUDE REGEX "/postgresql_[a-z_]+_test\\.cpp$")
  endif()
  drover_threaded_files(threaded_files ${files})
  list(REMOVE_ITEM files ${threaded_files})
  if(DROVER_WHOLE_TOOLS)
    drover_gtest(tools_test unit ${files})
    target_link_libraries(tools_test PRIVATE drover_tools)
  endif()
  drover_gtest(tools_threads_test unit ${threaded_files})
  target_link_libraries(tools_threads_test PRIVATE drover_tools)
endif()

# Programs that integration tests start as separate processes, as DROVER_PROCESS_DIR "/<name>".
file(GLOB process_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/test/integration/process/*.cpp")
set(processes)
foreach(file IN LISTS process_files)
  cmake_path(GET file STEM name)
  add_executable(process_${name} "${file}")
  drover_test_target(process_${name})
  if(TARGET drover_precompiled AND DROVER_SANITIZE)  # g++ also wants the definitions of GTest
    target_precompile_headers(process_${name} REUSE_FROM drover_precompiled)
  endif()
  set_target_properties(process_${name} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin/process")
  if(name MATCHES "hiredis")
    target_link_libraries(process_${name} PRIVATE "${DROVER_HIREDIS}")
  endif()
  list(APPEND processes process_${name})
endforeach()

if(TARGET drover_examples)
  list(APPEND processes drover_examples)
endif()

# The sanitizers check what is shipped. The simulated world and the campaign only test it, and are
# built without them.
if(NOT DROVER_SANITIZE)
  include(drover_world)
  include(drover_campaign)
endif()

file(GLOB files CONFIGURE_DEPENDS
  "${PROJECT_SOURCE_DIR}/test/integration/*.cpp" "${PROJECT_SOURCE_DIR}/test/docs/*.cpp")
if(NOT DROVER_POSTGRESQL)
  list(FILTER files EXCLUDE REGEX "/(simulate|audit)_postgresql_test\\.cpp$")
endif()
# drover_take_files(<list of files> <out> <regex>): moves those that match.
function(drover_take_files from out regex)
  set(taken ${${from}})
  set(left ${${from}})
  list(FILTER taken INCLUDE REGEX "${regex}")
  list(FILTER left EXCLUDE REGEX "${regex}")
  set(${out} ${taken} PARENT_SCOPE)
  set(${from} ${left} PARENT_SCOPE)
endfunction()
drover_take_files(files world_files "/redis_model_[a-z_]+\\.cpp$")
drover_take_files(files audit_files "/audit_[a-z_]+_test\\.cpp$")
drover_take_files(files fault_files "/fault_proxy(_[a-z_]+)?_test\\.cpp$")
drover_take_files(files simulate_files "/simulate(_[a-z_]+)?_test\\.cpp$")
if(TARGET drover_world)
  drover_gtest(world_integration_test integration ${world_files})
  target_link_libraries(world_integration_test PRIVATE drover_world)
endif()
drover_gtest(integration_test integration ${files})
add_dependencies(integration_test ${processes})
if(DROVER_ZSTD)
  target_link_libraries(integration_test PRIVATE "${DROVER_ZSTD}")
endif()
if(TARGET drover_tools)
  drover_gtest(fault_integration_test integration ${fault_files})
  target_link_libraries(fault_integration_test PRIVATE drover_tools)
endif()
if(DROVER_WHOLE_TOOLS)
  foreach(tool IN ITEMS audit simulate)
    drover_gtest(${tool}_integration_test integration ${${tool}_files})
    target_link_libraries(${tool}_integration_test PRIVATE drover_tools)
    add_dependencies(${tool}_integration_test ${processes})
  endforeach()
endif()

# A real Prometheus reads the metrics. `./run test` unpacks Debian's package into build/prometheus,
# because its installation would start a service.
set(prometheus_dir "${PROJECT_SOURCE_DIR}/build/prometheus/usr/bin")
find_program(DROVER_PROMETHEUS prometheus HINTS "${prometheus_dir}")
find_program(DROVER_PROMTOOL promtool HINTS "${prometheus_dir}")
mark_as_advanced(DROVER_PROMETHEUS DROVER_PROMTOOL)
if(DROVER_PROMETHEUS AND DROVER_PROMTOOL AND NOT DROVER_SANITIZE)
  find_program(DROVER_PYTHON python3 REQUIRED)
  add_test(NAME metrics/prometheus COMMAND "${DROVER_PYTHON}"
    "${PROJECT_SOURCE_DIR}/test/monitoring/prometheus_test.py" "${DROVER_PROMETHEUS}"
    "${DROVER_PROMTOOL}" "${redis_server}" "$<TARGET_FILE:process_metrics_page>")
  set_tests_properties(metrics/prometheus PROPERTIES LABELS integration TIMEOUT 600 COST 150)
endif()

# Report pages are tested in a browser.
if(DROVER_WHOLE_TOOLS)
  find_program(DROVER_PYTHON python3 REQUIRED)
  mark_as_advanced(DROVER_PYTHON)
endif()
if(DROVER_WHOLE_TOOLS AND NOT DROVER_SANITIZE)
  add_executable(sample_page "${PROJECT_SOURCE_DIR}/test/browser/sample_page.cpp")
  drover_flags(sample_page)
  target_link_libraries(sample_page PRIVATE drover_tools)
  add_dependencies(drover_tests sample_page)
  foreach(which IN ITEMS simulate audit)
    add_test(NAME browser/${which}_report COMMAND "${DROVER_PYTHON}"
      "${PROJECT_SOURCE_DIR}/test/browser/${which}_report_test.py" --made-by
      "$<TARGET_FILE:sample_page>" ${which})
    set_tests_properties(browser/${which}_report PROPERTIES
      LABELS integration TIMEOUT 900 COST 200)
  endforeach()
  add_test(NAME audit/report_files COMMAND "${DROVER_PYTHON}"
    "${PROJECT_SOURCE_DIR}/test/audit/report_files_test.py" "$<TARGET_FILE:sample_page>")
  set_tests_properties(audit/report_files PROPERTIES LABELS integration TIMEOUT 120)
endif()

# Each benchmark runs for a moment. The test ignores the results, and only checks that it works.
foreach(file IN LISTS bench_files)
  cmake_path(GET file STEM name)
  if(NOT DROVER_SANITIZE)
    add_test(NAME bench/${name} COMMAND bench_${name} --tiny)
    set_tests_properties(bench/${name} PROPERTIES LABELS integration TIMEOUT 120)
    add_dependencies(drover_tests bench_${name})
  endif()
endforeach()

# The command is tested as a separate process.
if(TARGET drover_command)
  add_dependencies(drover_tests drover_command)
endif()
if(TARGET drover_command AND NOT DROVER_SANITIZE)
  add_test(NAME audit/command COMMAND "${DROVER_PYTHON}"
    "${PROJECT_SOURCE_DIR}/test/audit/command_test.py" "$<TARGET_FILE:drover_command>"
    "${redis_server}")
  set_tests_properties(audit/command PROPERTIES LABELS integration TIMEOUT 300)
  add_test(NAME audit/servers COMMAND "${DROVER_PYTHON}"
    "${PROJECT_SOURCE_DIR}/test/audit/servers_test.py" "$<TARGET_FILE:drover_command>"
    "${redis_server}")
  set_tests_properties(audit/servers PROPERTIES LABELS integration TIMEOUT 300
    ENVIRONMENT "DROVER_REDIS_SERVER=${redis_server}")
  add_test(NAME audit/record_apps COMMAND "${DROVER_PYTHON}"
    "${PROJECT_SOURCE_DIR}/test/audit/record_apps_test.py")
  set_tests_properties(audit/record_apps PROPERTIES LABELS integration TIMEOUT 120)
  add_test(NAME audit/windows COMMAND "${DROVER_PYTHON}"
    "${PROJECT_SOURCE_DIR}/test/audit/windows_test.py" "$<TARGET_FILE:drover_command>"
    "${redis_server}")
  set_tests_properties(audit/windows PROPERTIES LABELS integration TIMEOUT 300)
  add_test(NAME audit/advise COMMAND "${DROVER_PYTHON}"
    "${PROJECT_SOURCE_DIR}/test/audit/advise_test.py" "$<TARGET_FILE:drover_command>"
    "${redis_server}")
  set_tests_properties(audit/advise PROPERTIES LABELS integration TIMEOUT 300)
  add_test(NAME doctor/command COMMAND "${DROVER_PYTHON}"
    "${PROJECT_SOURCE_DIR}/test/doctor/command_test.py" "$<TARGET_FILE:drover_command>"
    "${redis_server}")
  set_tests_properties(doctor/command PROPERTIES LABELS integration TIMEOUT 300)
  add_test(NAME fault/command COMMAND "${DROVER_PYTHON}"
    "${PROJECT_SOURCE_DIR}/test/fault/command_test.py" "$<TARGET_FILE:drover_command>"
    "${redis_server}" "$<TARGET_FILE:example_01_first_cache>")
  set_tests_properties(fault/command PROPERTIES LABELS integration TIMEOUT 300)
endif()

if(DROVER_FUZZ)
  file(GLOB files CONFIGURE_DEPENDS
    "${PROJECT_SOURCE_DIR}/src/*/*_fuzz.cpp" "${PROJECT_SOURCE_DIR}/tools/*/*/*_fuzz.cpp"
    "${PROJECT_SOURCE_DIR}/test/values/*_fuzz.cpp")
  foreach(file IN LISTS files)
    cmake_path(GET file STEM stem)
    string(REGEX REPLACE "_fuzz$" "" name "${stem}")
    add_executable(fuzz_${name} "${file}")
    drover_test_target(fuzz_${name})
    if(file MATCHES "^${PROJECT_SOURCE_DIR}/tools/" AND TARGET drover_tools)
      target_link_libraries(fuzz_${name} PRIVATE drover_tools)
    endif()
    if(name STREQUAL "packed" AND DROVER_ZSTD)
      target_link_libraries(fuzz_${name} PRIVATE "${DROVER_ZSTD}")
    endif()
    target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer-no-link)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(drover_tests fuzz_${name})
  endforeach()
endif()
