// What stands in generated households and what may lie where: a small part of ALFRED's, with its own rules (which kinds
// can be cleaned, heated, cooled, sliced; what fits into what; what has a door).
//
// Few kinds, so that a model from scratch meets each name often. Immutable tables.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace alfworld {

enum class Room : std::uint8_t { kKitchen, kLiving, kBedroom, kBathroom };
inline constexpr std::size_t kRooms = 4;

enum Trait : std::uint8_t {
  kCleanable = 1,
  kHeatable = 2,
  kCoolable = 4,
  kSliceable = 8,
  kHolder = 16,  // holds other things itself, by ALFRED's word; nothing is put into it here
  kLamp = 32     // can be used, cannot be taken
};

// Kinds are numbered by their place in these tables.
using PlaceKind = std::uint8_t;
using ThingKind = std::uint8_t;

struct PlaceKindInfo {
  std::string_view name;  // ALFRED's word: "CounterTop"
  bool has_door = false;
};

struct ThingKindInfo {
  std::string_view name;
  std::uint8_t traits = 0;
  std::uint8_t rooms = 0;            // bit r: found in Room r
  std::vector<PlaceKind> fits_into;  // where people leave it comes first
};

[[nodiscard]] std::span<const PlaceKindInfo> place_kinds();
[[nodiscard]] std::span<const ThingKindInfo> thing_kinds();

// By ALFRED's word or as the game shows it, "countertop".
[[nodiscard]] std::optional<PlaceKind> find_place_kind(std::string_view name);
[[nodiscard]] std::optional<ThingKind> find_thing_kind(std::string_view name);

// As the game shows a kind: lower case.
[[nodiscard]] std::string shown(std::string_view name);

[[nodiscard]] bool fits(ThingKind thing, PlaceKind place);

// The places every room of a kind has, and those of which it has some more; a kind may come twice.
struct RoomPlaces {
  std::vector<PlaceKind> always, sometimes;
  std::size_t least = 1, most = 3;  // how many of `sometimes`
};
[[nodiscard]] const RoomPlaces& room_places(Room room);

// Floor plans are numbered as in AI2-THOR: kitchens from 1, living rooms from 201, bedrooms 301, bathrooms 401.
[[nodiscard]] std::uint32_t first_number(Room room);

}  // namespace alfworld
