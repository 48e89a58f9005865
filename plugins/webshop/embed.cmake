# webshop_embed(OUTPUT name file …): writes C++ source with one `const std::string_view` per pair, the file's bytes.
#
# The plugin carries its tables inside the library: it needs no files at run time. String literals, in pieces that every
# compiler accepts; the tables are text without the raw-string terminator.
function(webshop_embed output)
  set(body "// Generated from plugins/webshop/data by embed.cmake.\n#include \"tables.h\"\n\nnamespace webshop::tables {\nusing namespace std::string_view_literals;\n")
  set(pairs ${ARGN})
  while(pairs)
    list(POP_FRONT pairs name file)
    file(READ "${CMAKE_CURRENT_SOURCE_DIR}/${file}" text)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
    string(LENGTH "${text}" length)
    string(APPEND body "const std::string_view ${name} =")
    set(at 0)
    while(at LESS length)
      string(SUBSTRING "${text}" ${at} 8000 piece)
      string(APPEND body "\n    R\"~(${piece})~\"")
      math(EXPR at "${at} + 8000")
    endwhile()
    string(APPEND body "sv;\n")
  endwhile()
  string(APPEND body "}  // namespace webshop::tables\n")
  file(CONFIGURE OUTPUT "${output}" CONTENT "@body@" @ONLY)
endfunction()
