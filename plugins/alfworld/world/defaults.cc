#include "world/defaults.h"

namespace alfworld {
namespace {

constexpr const char* kMini =
    R"("mini":{"sft.train.epochs":2,"sft.train.max_tokens":4000000,"tasks_per_iteration":100})";
constexpr const char* kTinyMini = R"("mini":{"tasks_per_iteration":2,"samples":2,"max_new_tokens":32})";

}  // namespace

std::string generated_defaults(WorldSize size) {
  std::string members = "\"added_tokens\":[";
  for (const std::string& name : name_tokens())
    members.append(members.back() == '[' ? "\"" : ",\"").append(name) += '"';
  return members.append("],").append(size == WorldSize::kTiny ? kTinyMini : kMini);
}

}  // namespace alfworld
