#include "data/game_cache.h"

#include <nlohmann/json.hpp>

namespace alfworld {
namespace {

std::string intro_json(const Game& game) {
  nlohmann::json entities = nlohmann::json::object();
  for (const Entity& entity : game.entities()) entities[entity.id] = {entity.name, entity.type};
  return "\"entities\":" + entities.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::shared_ptr<const LoadedGame> GameCache::get(const GameTask& task) {
  {
    const std::lock_guard lock(mutex_);
    if (auto found = look_up(task.id)) return found;
  }
  std::shared_ptr<const Game> game = read_(task);
  std::string intro = intro_json(*game);
  auto loaded = std::make_shared<const LoadedGame>(LoadedGame{std::move(game), std::move(intro)});
  const std::lock_guard lock(mutex_);
  if (auto found = look_up(task.id)) return found;
  kept_.emplace_front(task.id, loaded);
  by_id_.emplace(kept_.front().first, kept_.begin());
  if (kept_.size() > most_) {
    by_id_.erase(kept_.back().first);
    kept_.pop_back();
  }
  return loaded;
}

std::shared_ptr<const LoadedGame> GameCache::look_up(std::string_view id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return nullptr;
  kept_.splice(kept_.begin(), kept_, found->second);
  return kept_.front().second;
}

}  // namespace alfworld
