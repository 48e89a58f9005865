#include "core/host/study/agents.h"

#include <filesystem>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/base/rng.h"
#include "core/loop/agents.h"

namespace ipr::host {
namespace {

using SplitOutcomes = std::map<std::string, report::TaskOutcomes>;

// Null for one that the environment has nothing for.
Json to_json(const AgentOutcomes& agents, const std::vector<std::string>& asked) {
  Json json = Json::object();
  for (const std::string& agent : asked) json[agent] = nullptr;
  for (const auto& [agent, splits] : agents) {
    for (const auto& [split, tasks] : splits)
      json[agent][split] = {{"tasks", tasks.ids}, {"outcomes", tasks.outcomes}, {"clusters", tasks.clusters}};
  }
  return json;
}

// Nothing where one that is asked for was never tried.
Result<std::optional<AgentOutcomes>> read_agents(const std::string& path, const std::vector<std::string>& asked) {
  if (!std::filesystem::exists(path)) return std::optional<AgentOutcomes>();
  IPR_ASSIGN(const Json json, read_json(path));
  AgentOutcomes agents;
  try {
    for (const std::string& agent : asked) {
      if (!json.contains(agent)) return std::optional<AgentOutcomes>();
      for (const auto& [split, tasks] : json.at(agent).items()) {
        agents[agent][split] = {tasks.at("tasks").get<std::vector<std::string>>(),
                                tasks.at("outcomes").get<std::vector<double>>(),
                                tasks.at("clusters").get<std::vector<std::string>>()};
      }
    }
  } catch (const Json::exception& exception) {
    return bad_data(path + ": is not what a study writes: " + exception.what() + "; remove it to play them again");
  }
  return std::optional(std::move(agents));
}

// Code::kUsage where the environment has nothing for the agent.
Result<SplitOutcomes> play(const loop::RunConfig& config, loop::Agent agent, const std::atomic<bool>& stop) {
  IPR_ASSIGN(const loop::Panel test, loop::make_panel(*config.environment, IPR_SPLIT_TEST, config.tasks));
  SplitOutcomes outcomes;
  for (std::size_t i = 0; i < test.tasks.size(); ++i) {
    if (stop) return Status(Code::kInterrupted, "interrupted; the same command goes on with this study");
    const env::Task& task = test.tasks[i];
    IPR_ASSIGN(const rollout::Trajectory played,
               loop::play_agent(*config.environment, task, agent, loop::environment_seed(config.seed),
                                mix(config.seed, fnv1a64(task.id)), config.max_steps));
    report::TaskOutcomes& its = outcomes[test.splits[i]];
    its.ids.push_back(task.id);
    its.outcomes.push_back(played.outcome);
    its.clusters.push_back(task.meta.value("cluster", ""));
  }
  return outcomes;
}

}  // namespace

Result<AgentOutcomes> agents_beside(const StudyPlan& plan, std::size_t index, const Options& own,
                                    loop::ProgressLine& progress, const std::atomic<bool>& stop) {
  const PlannedCell& planned = plan.cells.at(index);
  const std::string folder = plan.out + "/agents/" + planned.cell.env;
  const std::string path = folder + "/seed-" + std::to_string(planned.cell.seed) + ".json";
  IPR_ASSIGN(std::optional<AgentOutcomes> kept, read_agents(path, plan.file.agents));
  if (kept) return std::move(*kept);
  IPR_ASSIGN(const RunPlan run, plan_cell_alone(plan, index, own));
  AgentOutcomes agents;
  progress.begin("agents in " + planned.cell.env, "agents", plan.file.agents.size());
  for (const std::string& name : plan.file.agents) {
    const loop::Agent agent = *loop::agent_from_name(name);
    if (agent == loop::Agent::kExpert && !run.config.environment->has_expert()) continue;
    Result<SplitOutcomes> played = play(run.config, agent, stop);
    if (played.status().code() == Code::kUsage) continue;
    IPR_ASSIGN(agents[name], std::move(played));
  }
  progress.finish(std::to_string(agents.size()) + " played");
  IPR_TRY(make_folder(folder));
  IPR_TRY(write_file(path, to_json(agents, plan.file.agents).dump() + "\n"));
  return agents;
}

}  // namespace ipr::host
