#include "world/vocabulary.h"

#include <algorithm>
#include <array>

namespace alfworld {
namespace {

constexpr std::array<PlaceKindInfo, 17> kPlaceKinds = {{{"Fridge", true},
                                                        {"Microwave", true},
                                                        {"SinkBasin"},
                                                        {"CounterTop"},
                                                        {"Cabinet", true},
                                                        {"DiningTable"},
                                                        {"GarbageCan"},
                                                        {"Shelf"},
                                                        {"Desk"},
                                                        {"Bed"},
                                                        {"Drawer", true},
                                                        {"SideTable"},
                                                        {"Dresser"},
                                                        {"Sofa"},
                                                        {"CoffeeTable"},
                                                        {"ArmChair"},
                                                        {"Toilet"}}};

constexpr std::uint8_t kKitchenBit = 1, kLivingBit = 2, kBedroomBit = 4, kBathroomBit = 8;

// A row as it is written below: the places by name.
struct Row {
  std::string_view name;
  std::uint8_t traits, rooms;
  std::vector<std::string_view> fits_into;
};

std::vector<Row> rows() {
  constexpr std::uint8_t kFood = kCleanable | kHeatable | kCoolable | kSliceable;
  constexpr std::uint8_t kDish = kCleanable | kHeatable | kCoolable | kHolder;
  constexpr std::uint8_t kLiveAndSleep = kLivingBit | kBedroomBit;
  return {
      {"Apple", kFood, kKitchenBit, {"CounterTop", "DiningTable", "Fridge", "GarbageCan", "SinkBasin", "Microwave"}},
      {"Egg", kFood, kKitchenBit, {"Fridge", "CounterTop", "SinkBasin", "GarbageCan", "DiningTable", "Microwave"}},
      {"Potato", kFood, kKitchenBit, {"SinkBasin", "CounterTop", "Fridge", "DiningTable", "GarbageCan", "Microwave"}},
      {"Tomato", kFood, kKitchenBit, {"Fridge", "CounterTop", "DiningTable", "GarbageCan", "SinkBasin", "Microwave"}},
      {"Mug",
       kDish,
       kKitchenBit,
       {"CounterTop", "Cabinet", "Shelf", "SinkBasin", "DiningTable", "Fridge", "Microwave"}},
      {"Cup",
       kDish,
       kKitchenBit,
       {"Cabinet", "SinkBasin", "CounterTop", "Shelf", "DiningTable", "Fridge", "Microwave"}},
      {"Plate",
       kDish,
       kKitchenBit,
       {"Cabinet", "CounterTop", "DiningTable", "Shelf", "SinkBasin", "Fridge", "Microwave"}},
      {"Fork", kCleanable, kKitchenBit, {"CounterTop", "SinkBasin", "DiningTable"}},
      {"Book",
       0,
       kLiveAndSleep,
       {"Bed", "Desk", "CoffeeTable", "Sofa", "Shelf", "Drawer", "SideTable", "Dresser", "ArmChair"}},
      {"Pen", 0, kBedroomBit, {"Desk", "Drawer", "Shelf", "SideTable", "Dresser", "GarbageCan"}},
      {"Pencil", 0, kBedroomBit, {"Desk", "Shelf", "Drawer", "SideTable", "Dresser", "GarbageCan"}},
      {"CD", 0, kBedroomBit, {"Drawer", "Desk", "Shelf", "Dresser", "SideTable", "GarbageCan"}},
      {"CellPhone", 0, kBedroomBit, {"Bed", "Desk", "Drawer", "Dresser", "SideTable", "Shelf"}},
      {"KeyChain",
       0,
       kLiveAndSleep,
       {"SideTable", "Drawer", "Desk", "CoffeeTable", "Shelf", "Dresser", "Sofa", "ArmChair"}},
      {"RemoteControl", 0, kLivingBit, {"Sofa", "CoffeeTable", "ArmChair", "SideTable", "Drawer", "Shelf", "Dresser"}},
      {"Newspaper",
       0,
       kLivingBit,
       {"CoffeeTable", "Sofa", "ArmChair", "SideTable", "Drawer", "Shelf", "Dresser", "GarbageCan"}},
      {"Pillow", 0, kLiveAndSleep, {"Bed", "Sofa", "ArmChair"}},
      {"SoapBar", kCleanable, kBathroomBit, {"SinkBasin", "Toilet", "CounterTop", "Cabinet", "Shelf", "GarbageCan"}},
      {"Cloth", kCleanable, kBathroomBit, {"Cabinet", "CounterTop", "SinkBasin", "Shelf", "Toilet", "GarbageCan"}},
      {"ToiletPaper", 0, kBathroomBit, {"Toilet", "Cabinet", "CounterTop", "Shelf", "GarbageCan"}},
      {"SoapBottle", 0, kBathroomBit, {"CounterTop", "Toilet", "Cabinet", "Shelf", "GarbageCan"}},
      {"DeskLamp", kLamp, kLiveAndSleep, {"Desk", "SideTable", "Dresser"}},
  };
}

std::vector<PlaceKind> kinds_of(const std::vector<std::string_view>& names) {
  std::vector<PlaceKind> kinds;
  for (const std::string_view name : names) kinds.push_back(find_place_kind(name).value());
  return kinds;
}

std::vector<ThingKindInfo> make_thing_kinds() {
  std::vector<ThingKindInfo> kinds;
  for (const Row& row : rows()) kinds.push_back({row.name, row.traits, row.rooms, kinds_of(row.fits_into)});
  return kinds;
}

std::array<RoomPlaces, kRooms> make_room_places() {
  return {{
      {kinds_of({"Fridge", "Microwave", "SinkBasin", "CounterTop"}),
       kinds_of({"Cabinet", "Cabinet", "DiningTable", "GarbageCan", "Shelf"}), 1, 3},
      {kinds_of({"Sofa", "SideTable"}),
       kinds_of({"CoffeeTable", "ArmChair", "ArmChair", "Shelf", "Drawer", "Dresser", "GarbageCan"}), 2, 4},
      {kinds_of({"Desk", "Bed"}), kinds_of({"Drawer", "Drawer", "Shelf", "SideTable", "Dresser", "GarbageCan"}), 2, 4},
      {kinds_of({"SinkBasin", "CounterTop", "Toilet"}), kinds_of({"Cabinet", "Cabinet", "Shelf", "GarbageCan"}), 1, 3},
  }};
}

template <typename Kind, typename Info>
std::optional<Kind> find_kind(std::span<const Info> kinds, std::string_view name) {
  const auto found = std::find_if(kinds.begin(), kinds.end(),
                                  [&](const Info& kind) { return kind.name == name || shown(kind.name) == name; });
  if (found == kinds.end()) return {};
  return static_cast<Kind>(found - kinds.begin());
}

}  // namespace

std::span<const PlaceKindInfo> place_kinds() {
  return kPlaceKinds;
}

std::span<const ThingKindInfo> thing_kinds() {
  static const std::vector<ThingKindInfo> kinds = make_thing_kinds();
  return kinds;
}

std::optional<PlaceKind> find_place_kind(std::string_view name) {
  return find_kind<PlaceKind>(place_kinds(), name);
}

std::optional<ThingKind> find_thing_kind(std::string_view name) {
  return find_kind<ThingKind>(thing_kinds(), name);
}

std::string shown(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

bool fits(ThingKind thing, PlaceKind place) {
  const std::vector<PlaceKind>& into = thing_kinds()[thing].fits_into;
  return std::find(into.begin(), into.end(), place) != into.end();
}

const RoomPlaces& room_places(Room room) {
  static const std::array<RoomPlaces, kRooms> places = make_room_places();
  return places.at(static_cast<std::size_t>(room));
}

std::uint32_t first_number(Room room) {
  constexpr std::array<std::uint32_t, kRooms> kFirst = {1, 201, 301, 401};
  return kFirst.at(static_cast<std::size_t>(room));
}

}  // namespace alfworld
