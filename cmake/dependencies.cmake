# All that is not ours, in one place. Debian 12 names in bootstrap.sh.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)  # headers: DLL, Asio
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(pugixml REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)

add_library(ipr-boost INTERFACE)
target_link_libraries(ipr-boost INTERFACE Boost::headers Threads::Threads ${CMAKE_DL_LIBS})
# Boost.DLL on std::filesystem: no compiled Boost library is needed.
target_compile_definitions(ipr-boost INTERFACE BOOST_DLL_USE_STD_FS BOOST_ASIO_NO_DEPRECATED)

if(IPR_TORCH)
  include(cmake/torch.cmake)
endif()
