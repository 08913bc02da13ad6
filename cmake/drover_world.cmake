# SPDX-License-Identifier: MIT
# The simulated world (test/world): a Redis server in memory, and a simulated operating system on
# which the library runs unchanged.

# drover_world: the server in memory. Millions of schedules run on it. g++ 12 reports overflows of
# std::string that do not exist.
drover_sources(world_files "${PROJECT_SOURCE_DIR}/test/world/*.cpp")
add_library(drover_world STATIC EXCLUDE_FROM_ALL ${world_files})
drover_flags(drover_world)
drover_unite(drover_world "${DROVER_UNITE}" ${world_files})
drover_precompile(drover_world)
target_compile_options(drover_world PRIVATE -O2)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(drover_world PRIVATE -Wno-array-bounds -Wno-stringop-overflow)
endif()
target_link_libraries(drover_world PUBLIC drover_support)
file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/test/world/*_test.cpp")
drover_gtest(world_test unit ${files})
target_link_libraries(world_test PRIVATE drover_world)

# The simulated system replaces system calls and operator new of the whole program, as a sanitizer
# does.
find_path(DROVER_CLI11_INCLUDE CLI/CLI.hpp)
find_path(DROVER_JSON_INCLUDE nlohmann/json.hpp)
mark_as_advanced(DROVER_CLI11_INCLUDE DROVER_JSON_INCLUDE)
if(NOT DROVER_CLI11_INCLUDE OR NOT DROVER_JSON_INCLUDE)
  return()
endif()
drover_sources(files "${PROJECT_SOURCE_DIR}/test/world/system/*.cpp"
  "${PROJECT_SOURCE_DIR}/test/world/play/*.cpp")
set(world_main "${PROJECT_SOURCE_DIR}/test/world/play/main.cpp")
list(REMOVE_ITEM files "${world_main}")
# Objects, not an archive: the linker would leave out replacements that it does not need.
add_library(drover_world_play OBJECT EXCLUDE_FROM_ALL ${files})
drover_flags(drover_world_play)
drover_unite(drover_world_play "${DROVER_UNITE}" ${files})
target_compile_options(drover_world_play PRIVATE -O2)
target_link_libraries(drover_world_play PUBLIC drover_world ${CMAKE_DL_LIBS})
target_include_directories(drover_world_play SYSTEM PUBLIC
  "${DROVER_CLI11_INCLUDE}" "${DROVER_JSON_INCLUDE}")

# Calls from shared libraries reach the replacements only if the program exports them.
file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/test/world/system/*_test.cpp"
  "${PROJECT_SOURCE_DIR}/test/world/play/*_test.cpp")
drover_gtest(world_play_test unit ${files})
set_target_properties(world_play_test PROPERTIES ENABLE_EXPORTS ON)
target_link_libraries(world_play_test PRIVATE drover_world_play)

add_executable(drover_world_command "${world_main}")
drover_flags(drover_world_command)
set_target_properties(drover_world_command PROPERTIES OUTPUT_NAME drover-world ENABLE_EXPORTS ON)
target_link_libraries(drover_world_command PRIVATE drover_world_play)
add_dependencies(drover_tests drover_world_command)
add_test(NAME world/schedules COMMAND drover_world_command --schedules 30000 --jobs 2)
add_test(NAME world/exhaustive COMMAND drover_world_command --exhaustive --explore 100)
# With g++ only: another compiler may call other functions of the C library.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  find_program(DROVER_PYTHON python3 REQUIRED)
  add_test(NAME world/replaced_calls COMMAND "${DROVER_PYTHON}"
    "${PROJECT_SOURCE_DIR}/test/world/replaced_calls_test.py" "${CMAKE_NM}" $<TARGET_FILE:drover>
    $<TARGET_OBJECTS:drover_world_play>
    COMMAND_EXPAND_LISTS)
  set_tests_properties(world/replaced_calls PROPERTIES LABELS unit)
endif()
set_tests_properties(world/schedules world/exhaustive PROPERTIES
  LABELS integration TIMEOUT 900 COST 150)
