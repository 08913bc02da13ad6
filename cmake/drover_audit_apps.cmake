# SPDX-License-Identifier: MIT
# Builds the C++ applications that test the auditor as bin/audit_apps/cpp/<name>, one for each file.
# Registers the tests of the applications in all languages: each is tested from its recording, and
# some are also run live.

add_custom_target(drover_audit_apps ALL)
file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/test/audit/apps/cpp/*.cpp")
if(NOT (DROVER_HIREDIS AND DROVER_HIREDIS_INCLUDE))
  message(STATUS "Applications for the auditor left out: hiredis is not installed")
  set(files)
endif()
foreach(file IN LISTS files)
  cmake_path(GET file STEM name)
  add_executable(audit_app_${name} EXCLUDE_FROM_ALL "${file}")
  drover_flags(audit_app_${name})
  set_target_properties(audit_app_${name} PROPERTIES
    OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin/audit_apps/cpp")
  target_include_directories(audit_app_${name} PRIVATE "${PROJECT_SOURCE_DIR}/test")
  target_link_libraries(audit_app_${name} PRIVATE
    drover::drover ${DROVER_HIREDIS} Threads::Threads)
  add_dependencies(drover_audit_apps audit_app_${name})
endforeach()

if(NOT DROVER_BUILD_TESTS OR NOT TARGET drover_command)
  return()
endif()
find_program(DROVER_PYTHON python3 REQUIRED)
mark_as_advanced(DROVER_PYTHON)
file(GLOB manifests CONFIGURE_DEPENDS RELATIVE "${PROJECT_SOURCE_DIR}/test/audit/apps"
  "${PROJECT_SOURCE_DIR}/test/audit/apps/*/*.json")
set(apps_test "${DROVER_PYTHON}" "${PROJECT_SOURCE_DIR}/test/audit/apps_test.py"
  --drover "$<TARGET_FILE:drover_command>")
set(recorded)
foreach(manifest IN LISTS manifests)
  string(REGEX REPLACE "\\.json$" "" name "${manifest}")
  file(READ "${PROJECT_SOURCE_DIR}/test/audit/apps/${manifest}" text)
  string(JSON live ERROR_VARIABLE none GET "${text}" live)
  if(DROVER_SANITIZE AND NOT live STREQUAL "ON")
    continue()  # a sanitizer finds nothing new in most recordings
  endif()
  list(APPEND recorded "${name}")
  if(live STREQUAL "ON" AND NOT DROVER_SANITIZE AND (files OR NOT name MATCHES "^cpp/"))
    add_test(NAME audit_live/${name} COMMAND ${apps_test} ${name}
      --live "${PROJECT_BINARY_DIR}/bin/audit_apps")
    set_tests_properties(audit_live/${name} PROPERTIES LABELS integration TIMEOUT 300)
  endif()
endforeach()

# A process reads all manifests, which takes longer than most recordings. Its output names the
# application that failed.
set(batch 0)
while(recorded)
  list(SUBLIST recorded 0 20 names)
  list(REMOVE_ITEM recorded ${names})
  add_test(NAME audit_recording/batch_${batch} COMMAND ${apps_test} ${names})
  set_tests_properties(audit_recording/batch_${batch} PROPERTIES
    LABELS integration TIMEOUT 600 COST 50)
  math(EXPR batch "${batch} + 1")
endwhile()
