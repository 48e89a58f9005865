# ipr_add_bench(name SOURCES … LINK …): the program bench-<name> in bin/, so that it finds the build's plugins as ipr-host does.
function(ipr_add_bench name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINK")
  add_executable(bench-${name} ${arg_SOURCES})
  target_link_libraries(bench-${name} PRIVATE ipr-bench-support ${arg_LINK})
  set_target_properties(bench-${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  ipr_warnings(bench-${name})
endfunction()
