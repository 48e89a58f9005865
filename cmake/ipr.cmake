# What every target of ours shares.

find_program(IPR_CCACHE ccache)
if(IPR_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${IPR_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${IPR_CCACHE})
endif()

function(ipr_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
    $<$<BOOL:${IPR_WERROR}>:-Werror>)
endfunction()

# ipr_core_library(name SOURCES … LINK …): the static library ipr-core-<name> of the folder core/<name>.
function(ipr_core_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
  add_library(ipr-core-${name} STATIC ${arg_SOURCES})
  target_include_directories(ipr-core-${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(ipr-core-${name} PUBLIC ${arg_LINK})
  set_target_properties(ipr-core-${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  ipr_warnings(ipr-core-${name})
endfunction()

# ipr_add_test(name LABELS … SOURCES … LINK …): one Catch2 program and one CTest entry.
function(ipr_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "LABELS;SOURCES;LINK")
  add_executable(test-${name} ${arg_SOURCES})
  target_link_libraries(test-${name} PRIVATE ipr-test-main ${arg_LINK})
  ipr_warnings(test-${name})
  add_test(NAME ${name} COMMAND test-${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
endfunction()
