# ipr_add_plugin(kind id SOURCES file… [DATA file…])
#
# Builds the module ipr-<kind>-<id>.so (kind: env, scorer or optimizer) that exports one symbol, and installs it where ipr-host looks.
# DATA files are installed beside it and found at run time through `share` of ipr.host.basics/1.
set(IPR_PLUGIN_MAP "${CMAKE_CURRENT_LIST_DIR}/ipr-plugin.map" CACHE INTERNAL "version script of plugins")
include(GNUInstallDirs)

function(ipr_add_plugin kind id)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "SOURCES;DATA")
  set(target ipr-${kind}-${id})
  add_library(${target} MODULE ${arg_SOURCES})
  target_link_libraries(${target} PRIVATE ipr::sdk)
  set_target_properties(${target} PROPERTIES
    PREFIX "" CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON LINK_DEPENDS "${IPR_PLUGIN_MAP}"
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib/ipr-host/plugins/1")
  # Two plugins that share a header with an inline static variable must not share its state.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  target_link_options(${target} PRIVATE -Wl,-z,now "-Wl,--version-script=${IPR_PLUGIN_MAP}")
  if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
  install(TARGETS ${target} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/ipr-host/plugins/1 COMPONENT plugins)
  if(arg_DATA)
    set(share "${CMAKE_BINARY_DIR}/share/ipr-host/${id}")
    file(COPY ${arg_DATA} DESTINATION "${share}")
    install(FILES ${arg_DATA} DESTINATION ${CMAKE_INSTALL_DATADIR}/ipr-host/${id} COMPONENT plugins)
  endif()
endfunction()
