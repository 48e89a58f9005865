#include "tests/loop/speech.h"

#include "core/loop/mini.h"
#include "tests/env/counter.h"

namespace ipr::test {

std::unique_ptr<Talk> make_talk() {
  auto talk = std::make_unique<Talk>();
  talk->environment = make_counter(Counter::kForks);
  talk->task = talk->environment->task_by_id("a").value();
  talk->expert = loop::play_expert(*talk->environment, talk->task, 0, 0).value().value();
  talk->expert.id = 1;
  text::Tokenizer tokenizer = loop::train_mini_tokenizer({&talk->expert}, {}, {});
  text::ChatTemplate chat_template = text::ChatTemplate::make(loop::kMiniTemplate, tokenizer).value();
  talk->speech = std::make_unique<loop::Speech>(loop::Speech{std::move(tokenizer), std::move(chat_template)});
  talk->dialogue = std::make_unique<rollout::Dialogue>(talk->speech->tokenizer, talk->speech->chat_template,
                                                       std::vector<env::PromptMessage>{});
  for (rollout::TrajectoryTurn& turn : talk->expert.turns) turn.reply_ids = talk->dialogue->reply_ids(turn.message);
  return talk;
}

}  // namespace ipr::test
