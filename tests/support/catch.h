// Catch2 2.13 (Debian 12) or 3 (Ubuntu 24.04): tests include this, never Catch2 itself.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
