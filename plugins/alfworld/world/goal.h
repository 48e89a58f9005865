// What a game asks for, and its sentence: ALFWorld's six task types with two wordings each.
//
// Pure functions, safe on any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace alfworld {

enum class TaskType : std::uint8_t { kPlace, kLook, kClean, kHeat, kCool, kTwo };
inline constexpr std::array<TaskType, 6> kTaskTypes = {TaskType::kPlace, TaskType::kLook, TaskType::kClean,
                                                       TaskType::kHeat,  TaskType::kCool, TaskType::kTwo};

// As task folders begin: "pick_heat_then_place_in_recep".
[[nodiscard]] std::string_view name_of(TaskType type);

// Clean, heat, cool: what is done to the thing, and the word for it afterwards ("hot"). Empty for the other types.
[[nodiscard]] std::string_view treatment(TaskType type);
[[nodiscard]] std::string_view treated(TaskType type);

struct Goal {
  TaskType type = TaskType::kPlace;
  std::string thing;  // as the game shows kinds: "mug"
  std::string place;  // "fridge"; kLook: the lamp, "desklamp"
  friend bool operator==(const Goal&, const Goal&) = default;
};

// The sentence behind "Your task is to: ", with its full stop; `wording` 0 or 1.
[[nodiscard]] std::string sentence(const Goal& goal, int wording);

// The goal of such a sentence, with or without the full stop; of any game, not only of generated ones.
[[nodiscard]] std::optional<Goal> parse_sentence(std::string_view sentence);

}  // namespace alfworld
