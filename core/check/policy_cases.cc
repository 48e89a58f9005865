// What a policy must do: answer each request once, the same way each time, and as its choices say where it knows them.
// The chat is of no environment in particular: a policy may refuse it, with a reason.
#include <cmath>
#include <map>
#include <optional>

#include "core/check/cases.h"

namespace ipr::check {
namespace {

constexpr std::size_t kRequests = 40;

struct Chat {
  Chat() {
    messages[0] = {sizeof(ipr_message), 1, plugin::view("Go on."), 0, 0};
    messages[1] = {sizeof(ipr_message), 1, plugin::view("You are here. What do you do?"), 0, 0};
  }
  [[nodiscard]] ipr_gen_req request(std::uint64_t tag, std::uint64_t seed) const {
    return {sizeof(ipr_gen_req), 0, tag, pointers, 2, &sampling, seed};
  }
  ipr_message messages[2] = {};
  const ipr_message* pointers[2] = {&messages[0], &messages[1]};
  ipr_sampling sampling = {sizeof(ipr_sampling), 64, 1, 1, 0, 0};
};

// Replies by tag; nothing where the policy refuses the chat.
Result<std::optional<std::map<std::uint64_t, std::string>>> replies(const Subject& subject, std::uint64_t seed) {
  IPR_ASSIGN(const auto instance, make_instance(subject));
  const auto* table = instance->extension<ipr_policy_v1>(IPR_POLICY_V1);
  if (table == nullptr) return plugin_error("no " IPR_POLICY_V1);
  const plugin::Context context;
  plugin::ErrorSlot error;
  ipr_queue* queue = nullptr;
  if (table->open(instance->self(), context.get(), &queue, error.get()) != IPR_OK)
    return plugin_error("opens no queue of replies");
  const Chat chat;
  std::map<std::uint64_t, std::string> found;
  std::size_t submitted = 0;
  std::optional<Status> refused;
  while (!refused && found.size() < kRequests) {
    if (submitted < kRequests) {
      const ipr_gen_req request = chat.request(submitted, seed + submitted);
      const ipr_status status = table->submit(queue, &request, error.get());
      if (status == IPR_OK) ++submitted;
      if (status == IPR_OK) continue;
      if (status != IPR_RESOURCE_EXHAUSTED) refused = error.status(status, subject.manifest.subject());
      if (refused) break;
    }
    ipr_gen_res result{};
    result.struct_size = sizeof result;
    ipr_gen_res* const slot = &result;
    std::size_t arrived = 0;
    const ipr_status status = table->wait(queue, &slot, 1, &arrived, 1'000'000'000, error.get());
    if (status != IPR_OK || arrived != 1) refused = error.status(status, subject.manifest.subject());
    if (!refused && !found.emplace(result.tag, plugin::text(result.text)).second) break;  // answered twice
  }
  table->close(queue);
  if (refused && !refused->message().empty()) return std::optional<std::map<std::uint64_t, std::string>>();
  if (refused || found.size() != kRequests || found.rbegin()->first != kRequests - 1)
    return plugin_error("does not answer each request once, with its tag");
  return std::optional(std::move(found));
}

Outcome policy_answers(const Subject& subject) {
  IPR_NEED(const auto first, replies(subject, 1));
  IPR_NEED(const auto second, replies(subject, 1));
  IPR_EXPECT(first == second, "equal requests do not get equal replies");
  return first ? passed() : skipped("the policy does not answer a chat of no environment");
}

Outcome choices_add_up(const Subject& subject) {
  IPR_NEED(const auto instance, make_instance(subject));
  const auto* table = instance->extension<ipr_policy_choices_v1>(IPR_POLICY_CHOICES_V1);
  if (table == nullptr) return skipped("no " IPR_POLICY_CHOICES_V1);
  const Chat chat;
  const ipr_gen_req request = chat.request(0, 1);
  std::map<std::string, double> found;
  const auto take = [](void* user, ipr_str text, double probability) {
    (*static_cast<std::map<std::string, double>*>(user))[std::string(plugin::text(text))] += probability;
  };
  plugin::ErrorSlot error;
  if (table->choices(instance->self(), &request, &found, take, error.get()) != IPR_OK)
    return skipped("the policy does not answer a chat of no environment");
  double sum = 0;
  for (const auto& [text, probability] : found) {
    IPR_EXPECT(probability >= 0, "a choice has a negative probability");
    sum += probability;
  }
  IPR_EXPECT(std::abs(sum - 1) < 1e-9, "the probabilities of the choices add up to " + std::to_string(sum));
  IPR_NEED(const auto said, replies(subject, 1));
  if (!said) return passed();
  for (const auto& [tag, reply] : *said) IPR_EXPECT(found.count(reply) > 0, "a reply is none of the choices: " + reply);
  return passed();
}

}  // namespace

const std::vector<Case>& policy_cases() {
  static const std::vector<Case> cases = {{"policy-answers", policy_answers}, {"choices-add-up", choices_add_up}};
  return cases;
}

}  // namespace ipr::check
