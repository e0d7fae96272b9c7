# One library per folder: trunkline_folder(net SOURCES a.cpp b.cpp LIBRARIES trunkline::base ...)
# makes trunkline_net with the alias trunkline::net. Files are listed by name, never globbed.
function(trunkline_folder name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "NO_PCH" "" "SOURCES;LIBRARIES;PRIVATE_LIBRARIES")
  add_library(trunkline_${name} STATIC ${arg_SOURCES})
  add_library(trunkline::${name} ALIAS trunkline_${name})
  target_link_libraries(trunkline_${name} PUBLIC trunkline_options ${arg_LIBRARIES} PRIVATE ${arg_PRIVATE_LIBRARIES})
  if(arg_NO_PCH)
    trunkline_together(trunkline_${name})
  else()
    trunkline_precompiled(trunkline_${name})
  endif()
endfunction()

# With TRUNKLINE_UNITY, compiles several files of a target as one: what they share, Asio's templates above all, is compiled
# once. So a name in an unnamed namespace must be one of its kind within its target.
function(trunkline_together target)
  if(TRUNKLINE_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
    # Which GCC says of all that a file keeps to itself once another includes it.
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()

# Shares one precompiled header (standard library, Asio, spdlog, Boost.JSON) between targets with the same options.
function(trunkline_precompiled target)
  target_link_libraries(${target} PRIVATE trunkline_pch_use)
  target_precompile_headers(${target} REUSE_FROM trunkline_pch)
  trunkline_together(${target})
endfunction()

# Everything the tests labelled "unit" need, and no more: what the sanitizer presets build.
add_custom_target(unit_tests)

# A test program per folder: trunkline_test(store SOURCES a_test.cpp LIBRARIES trunkline::store [LABELS x] [TIMEOUT s])
# PLAIN: of what has nothing of the host, which must not be mixed with the host's Asio and JSON either.
function(trunkline_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "PLAIN" "TIMEOUT" "SOURCES;LIBRARIES;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  add_executable(test_${name} ${arg_SOURCES})
  target_link_libraries(test_${name} PRIVATE trunkline_options ${arg_LIBRARIES} GTest::gtest GTest::gmock GTest::gtest_main)
  # The tests' own header has GoogleTest as well, and is compiled without optimization, as they are: that takes half the time.
  target_compile_options(test_${name} PRIVATE -O0)
  if(arg_PLAIN)
    target_precompile_headers(test_${name} PRIVATE <functional> <map> <string> <boost/json.hpp> <gmock/gmock.h> <gtest/gtest.h>)
  else()
    target_link_libraries(test_${name} PRIVATE trunkline_pch_use)
    target_precompile_headers(test_${name} REUSE_FROM trunkline_test_pch)
  endif()
  trunkline_together(test_${name})
  add_test(NAME ${name} COMMAND test_${name})
  if("unit" IN_LIST arg_LABELS)
    add_dependencies(unit_tests test_${name})
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
endfunction()
