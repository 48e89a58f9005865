#include <cstdio>
#include <iostream>
#include <memory>

#include "core/host/commands.h"
#include "core/host/compute.h"
#include "core/host/known_models.h"
#include "core/host/model_files.h"
#include "core/host/setup.h"
#include "core/loop/policy.h"
#include "core/model/score.h"

namespace ipr::host {
namespace {

// What a line of `generate` that does not say otherwise asks for.
struct Generating {
  std::int64_t max_tokens = 512, top_k = 0;
  double temperature = 1, top_p = 1;
};

struct ModelCommand {
  Options options;
  std::string folder;  // as typed, until the command begins
  std::string out;     // of merge
  Generating generating;
};

// Answers each line of standard input; a line that cannot be answered gets {"id","error"} and the others go on.
Status answer_lines(const std::function<Result<Json>(const Json&)>& answer) {
  std::size_t number = 0;
  for (std::string line; std::getline(std::cin, line);) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    Json out;
    const Result<Json> input = parse_json_line(line, "input line " + std::to_string(number));
    const Json id = input.ok() && input->is_object() ? input->value("id", Json()) : Json();
    if (!input.ok()) {
      out = {{"error", input.status().message()}};
    } else if (!input->is_object()) {
      out = {{"error", "input line " + std::to_string(number) + ": expected a JSON object"}};
    } else {
      try {
        const Result<Json> answered = answer(*input);
        out = answered.ok() ? *answered : Json{{"error", answered.status().message()}};
      } catch (const std::exception& exception) {
        out = {{"error", "input line " + std::to_string(number) + ": " + exception.what()}};
      }
    }
    out["id"] = id;
    std::printf("%s\n", dump_line(out).c_str());
  }
  return std::fflush(stdout) == 0 ? Status() : failed("standard output: cannot write");
}

Result<std::vector<text::Message>> messages_of(const Json& list) {
  std::vector<text::Message> messages;
  for (const Json& item : list) {
    const std::string role = item.value("role", "");
    if (role != "system" && role != "user" && role != "assistant")
      return usage("message role \"" + role + "\": expected system, user or assistant");
    messages.push_back({role == "system" ? text::Role::kSystem
                        : role == "user" ? text::Role::kUser
                                         : text::Role::kAssistant,
                        item.value("content", "")});
  }
  return messages;
}

// A model without a tokenizer still answers requests in ids: nullptr.
Result<std::unique_ptr<loop::Speech>> speech_if_any(const ModelCommand& command) {
  if (!loop::has_speech(command.folder)) return std::unique_ptr<loop::Speech>();
  return loop::load_speech(command.folder, command.options.chat_template);
}

// A model that can be asked.
struct Running {
  std::unique_ptr<loop::Speech> speech;  // nullptr: in ids alone
  std::unique_ptr<loop::Policy> policy;
};

Result<Running> start(const ModelCommand& command) {
  Running running;
  IPR_ASSIGN(running.speech, speech_if_any(command));
  IPR_ASSIGN(model::Weights weights, model::load_checkpoint(command.folder, model::Precision::kAsStored));
  if (running.speech) IPR_TRY(loop::check_speech(*running.speech, weights.config, command.folder));
  IPR_ASSIGN(const loop::Compute compute, compute_of(command.options));
  IPR_ASSIGN(running.policy, loop::make_policy("model", 0, std::move(weights), compute));
  return running;
}

Status need_tokenizer(const loop::Speech* speech) {
  return speech != nullptr ? Status()
                           : bad_data("this model has no tokenizer; give ids (prompt_ids, continuation_ids)");
}

// "prompt_ids", "prompt" (raw text) or "messages" (with the generation prompt).
Result<std::vector<std::int32_t>> prompt_of(const Json& input, const loop::Speech* speech) {
  if (input.contains("prompt_ids")) return input["prompt_ids"].get<std::vector<std::int32_t>>();
  IPR_TRY(need_tokenizer(speech));
  if (input.contains("prompt")) return speech->tokenizer.encode(input["prompt"].get<std::string>());
  if (!input.contains("messages")) return usage("expected \"prompt_ids\", \"prompt\" or \"messages\"");
  IPR_ASSIGN(const std::vector<text::Message> messages, messages_of(input["messages"]));
  text::TokenizedChat chat = text::tokenize_chat(speech->tokenizer, speech->chat_template, messages);
  speech->chat_template.append_generation_prompt(speech->tokenizer, chat);
  return chat.ids;
}

Result<Json> tokenize(const Json& input, const loop::Speech& speech) {
  if (input.contains("messages")) {
    IPR_ASSIGN(const std::vector<text::Message> messages, messages_of(input["messages"]));
    const text::TokenizedChat chat = text::tokenize_chat(speech.tokenizer, speech.chat_template, messages);
    return Json{{"ids", chat.ids}, {"mask", chat.mask}};
  }
  if (!input.contains("text")) return usage("expected \"text\" or \"messages\"");
  const std::vector<std::int32_t> ids = speech.tokenizer.encode(input["text"].get<std::string>());
  return Json{{"ids", ids}, {"mask", std::vector<int>(ids.size(), 0)}};
}

Result<Json> logprobs(const Json& input, const loop::Speech* speech, const model::Engine& engine) {
  model::ScoreRequest request;
  IPR_ASSIGN(request.prompt_ids, prompt_of(input, speech));
  if (input.contains("continuation_ids")) {
    request.continuation_ids = input["continuation_ids"].get<std::vector<std::int32_t>>();
  } else if (input.contains("continuation")) {
    IPR_TRY(need_tokenizer(speech));
    request.continuation_ids = speech->tokenizer.encode(input["continuation"].get<std::string>());
  }
  request.top = input.value("top", 0);
  IPR_ASSIGN(const model::ScoreReply reply, model::score(engine, request));
  Json out = {{"token_logprobs", reply.token_logprobs}, {"total", reply.total}};
  if (request.top > 0) {
    out["top_ids"] = reply.top_ids;
    out["top_logits"] = reply.top_logits;
  }
  return out;
}

Result<Json> generate(const Json& input, const ModelCommand& command, const Running& running) {
  const loop::Speech* const speech = running.speech.get();
  const Generating& defaults = command.generating;
  rollout::GenerateRequest request;
  IPR_ASSIGN(request.prompt, prompt_of(input, speech));
  request.max_new_tokens = input.value("max_tokens", defaults.max_tokens);
  request.temperature = input.value("temperature", defaults.temperature);
  request.top_p = input.value("top_p", defaults.top_p);
  request.top_k = input.value("top_k", defaults.top_k);
  request.seed = input.value("seed", command.options.seed);
  IPR_ASSIGN(request.overflow, overflow_from_name(input.value("overflow", command.options.overflow)));
  const std::int32_t end =
      speech != nullptr ? speech->chat_template.end_of_turn() : running.policy->weights.config.eos_token_id;
  if (end >= 0) request.stop_ids = {end};
  std::vector<std::string> stops = command.options.stop;
  if (input.contains("stop")) {
    const Json& given = input["stop"];
    stops = given.is_string() ? std::vector{given.get<std::string>()} : given.get<std::vector<std::string>>();
  }
  if (speech == nullptr && !stops.empty()) return need_tokenizer(speech);
  std::optional<rollout::StopTexts> stop_texts;
  if (speech != nullptr) request.stop_texts = &stop_texts.emplace(speech->tokenizer, std::move(stops));
  const rollout::GenerateReply reply = rollout::generate_all(*running.policy->generator, {request})[0];
  if (!reply.status.ok()) return reply.status;
  Json out = {{"ids", reply.ids}, {"text", reply.text}};
  if (reply.stop_text.empty() && speech != nullptr)
    out["text"] = speech->chat_template.reply_text(speech->tokenizer, reply.ids);
  out["finish"] = reply.finish == rollout::Finish::kStop     ? "stop"
                  : reply.finish == rollout::Finish::kLength ? "length"
                                                             : "context_overflow";
  if (input.value("logprobs", false)) out["token_logprobs"] = reply.logprobs;
  return out;
}

}  // namespace

void add_model(CLI::App& app, Chosen& chosen) {
  auto state = std::make_shared<ModelCommand>();  // shared with the callbacks, which outlive this function
  CLI::App* group = app.add_subcommand("model", "look into a checkpoint; JSONL in, JSONL out");
  group->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, std::function<Status()> work) {
    CLI::App* command = group->add_subcommand(name, help);
    command->add_option("M", state->folder, "checkpoint or PEFT folder, GGUF file, or smollm2")->required();
    add_flags(*command, state->options, {"chat-template", "device", "dtype", "model-threads", "json"});
    command->callback([work = std::move(work), state, &chosen] {
      chosen.work = [work, state]() -> Status {
        IPR_ASSIGN(state->folder, find_model(state->folder));
        return work();
      };
    });
    return command;
  };
  add("inspect", "shape, size and tensors", [state] { return inspect_model(state->folder, state->options.json); });
  add("merge", "a PEFT folder and its base to one full checkpoint",
      [state] { return merge_model(state->folder, state->out, state->options.json); })
      ->add_option("OUT", state->out, "new folder")
      ->required();
  add("tokenize", "{\"id\",\"text\"|\"messages\"} to ids and training mask", [state]() -> Status {
    IPR_ASSIGN(const auto speech, loop::load_speech(state->folder, state->options.chat_template));
    return answer_lines([&](const Json& input) { return tokenize(input, *speech); });
  });
  add("logprobs", "{\"id\",\"prompt\"|\"prompt_ids\",\"continuation\"|\"continuation_ids\"} to log-probs",
      [state]() -> Status {
        IPR_ASSIGN(const Running running, start(*state));
        return answer_lines(
            [&](const Json& input) { return logprobs(input, running.speech.get(), *running.policy->engine); });
      });
  CLI::App* const generating =
      add("generate",
          "{\"id\",\"prompt\"|\"prompt_ids\"|\"messages\"} to text; flags are for lines that do not say otherwise",
          [state]() -> Status {
            IPR_ASSIGN(const Running running, start(*state));
            return answer_lines([&](const Json& input) { return generate(input, *state, running); });
          });
  Generating& defaults = state->generating;
  generating->add_option("--max-tokens", defaults.max_tokens, "of one reply")->capture_default_str();
  generating->add_option("--temperature", defaults.temperature, "0: greedy")->capture_default_str();
  generating->add_option("--top-p", defaults.top_p, "the smallest set of most likely tokens that reaches it; 1: all")
      ->capture_default_str();
  generating->add_option("--top-k", defaults.top_k, "only so many most likely tokens, before --top-p; 0: all")
      ->capture_default_str();
  add_flags(*generating, state->options, {"seed", "stop", "overflow"});
}

}  // namespace ipr::host
