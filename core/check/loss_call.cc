#include "core/check/loss_call.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/rng.h"

namespace ipr::check {

std::vector<RowSpec> make_rows(std::uint64_t seed, Form form) {
  Rng rng(seed);
  std::vector<RowSpec> rows;
  const auto add = [&](std::uint32_t tag, std::uint32_t role, std::uint64_t group) {
    RowSpec row;
    row.tag = tag;
    row.role = role;
    row.group = group;
    row.outcome = rng.uniform();
    const std::size_t length = 3 + rng.below(kTokens - 2);
    for (std::size_t t = 0; t < kTokens; ++t) {
      const bool inside = t > 0 && t < length;
      row.mask.push_back(inside && (t > 1 || role != IPR_ROLE_PLAIN) ? 1.0F : 0.0F);
      const auto number = [&] { return row.mask.back() != 0 ? static_cast<float>(-2 * rng.uniform()) : 0.0F; };
      row.output.push_back(number());
      row.ref_logp.push_back(number());
      row.old_logp.push_back(number());
      row.turn.push_back(row.mask.back() == 0 ? -1 : form == Form::kValues && t > 3 ? 1 : 0);
    }
    for (std::size_t turn = 0; form == Form::kValues && turn < kTurns; ++turn) {
      row.turn_score.push_back(turn == group % 3 ? std::nanf("") : static_cast<float>(rng.uniform()));
    }
    rows.push_back(std::move(row));
  };
  for (std::uint64_t group = 1; group <= 4; ++group) {
    if (form == Form::kPairs) {
      const std::uint32_t tag = group <= 2 ? 0 : 1;
      add(tag, IPR_ROLE_CHOSEN, group);
      add(tag, IPR_ROLE_REJECTED, group);
      add(2, IPR_ROLE_PLAIN, group);
    } else {
      add(0, IPR_ROLE_PLAIN, group);
    }
  }
  return rows;
}

std::vector<ipr_total> totals_of(const std::vector<RowSpec>& rows) {
  std::vector<ipr_total> totals;
  std::map<std::size_t, std::vector<std::uint64_t>> groups;
  for (const RowSpec& row : rows) {
    const std::size_t entry = row.tag * 3 + row.role;
    if (totals.size() <= entry) totals.resize(entry + 1);
    ++totals[entry].rows;
    totals[entry].weight += row.weight;
    totals[entry].tokens += static_cast<std::uint64_t>(std::count(row.mask.begin(), row.mask.end(), 1.0F));
    groups[entry].push_back(row.group);
  }
  for (auto& [entry, members] : groups) {
    std::sort(members.begin(), members.end());
    totals[entry].groups = static_cast<std::uint64_t>(std::unique(members.begin(), members.end()) - members.begin());
  }
  return totals;
}

namespace {

Form form_of(const ipr_optimizer_v1& table, ipr_self* self) {
  const std::uint32_t needs = table.needs(self);
  if ((needs & IPR_NEED_VALUE) != 0) return Form::kValues;
  return (needs & (IPR_NEED_REF_LOGP | IPR_NEED_OLD_LOGP)) == IPR_NEED_REF_LOGP ? Form::kPairs : Form::kPlain;
}

}  // namespace

Result<LossAnswer> call_loss(const plugin::Instance& instance, const std::vector<RowSpec>& rows,
                             const std::vector<ipr_total>& totals) {
  const auto* table = instance.extension<ipr_optimizer_v1>(IPR_OPTIMIZER_V1);
  if (table == nullptr) return plugin_error("no " IPR_OPTIMIZER_V1);
  const auto flat = [&](auto member) {
    std::vector<float> values;
    for (const RowSpec& row : rows) values.insert(values.end(), (row.*member).begin(), (row.*member).end());
    values.resize(std::max<std::size_t>(values.size(), 1));
    return values;
  };
  std::vector<float> mask = flat(&RowSpec::mask), output = flat(&RowSpec::output), ref = flat(&RowSpec::ref_logp),
                     old = flat(&RowSpec::old_logp), turn_score = flat(&RowSpec::turn_score),
                     gradient(mask.size(), 0.0F);
  std::vector<std::int32_t> turn;
  for (const RowSpec& row : rows) turn.insert(turn.end(), row.turn.begin(), row.turn.end());
  turn.resize(mask.size(), -1);
  std::vector<std::uint32_t> tag, role;
  std::vector<std::uint64_t> group;
  std::vector<double> weight, outcome;
  for (const RowSpec& row : rows) {
    tag.push_back(row.tag);
    role.push_back(row.role);
    group.push_back(row.group);
    weight.push_back(row.weight);
    outcome.push_back(row.outcome);
  }
  const auto count = static_cast<std::int64_t>(rows.size());
  const std::int64_t shape[2] = {count, static_cast<std::int64_t>(kTokens)};
  const std::int64_t turn_shape[2] = {count, static_cast<std::int64_t>(kTurns)};
  const auto tensor = [&](void* values, std::uint8_t code) {
    return ipr_tensor{values, 1, 0, 2, code, 32, 1, shape, nullptr, 0};
  };
  const ipr_tensor mask_t = tensor(mask.data(), 2), turn_t = tensor(turn.data(), 0),
                   output_t = tensor(output.data(), 2), ref_t = tensor(ref.data(), 2), old_t = tensor(old.data(), 2),
                   turn_score_t{turn_score.data(), 1, 0, 2, 2, 32, 1, turn_shape, nullptr, 0};
  ipr_tensor gradient_t = tensor(gradient.data(), 2);
  const Form form = form_of(*table, instance.self());
  const std::uint32_t needs = table->needs(instance.self());
  ipr_batch batch{sizeof(ipr_batch),
                  0,
                  0,
                  rows.size(),
                  kTokens,
                  tag.data(),
                  role.data(),
                  group.data(),
                  weight.data(),
                  outcome.data(),
                  &mask_t,
                  &turn_t,
                  form == Form::kValues ? nullptr : &output_t,
                  (needs & IPR_NEED_REF_LOGP) != 0 ? &ref_t : nullptr,
                  form == Form::kValues ? nullptr : &gradient_t,
                  totals.data(),
                  totals.size(),
                  form == Form::kValues ? &output_t : nullptr,
                  form == Form::kValues ? &turn_score_t : nullptr,
                  form == Form::kValues ? &gradient_t : nullptr,
                  (needs & IPR_NEED_OLD_LOGP) != 0 ? &old_t : nullptr};
  const plugin::Context context;
  plugin::ErrorSlot error;
  LossAnswer answer;
  const ipr_status status = table->loss(instance.self(), context.get(), &batch, &answer.loss, error.get());
  if (status != IPR_OK) return error.status(status, instance.manifest().subject());
  for (std::size_t r = 0; r < rows.size(); ++r) {
    answer.gradient.emplace_back(gradient.begin() + static_cast<std::ptrdiff_t>(r * kTokens),
                                 gradient.begin() + static_cast<std::ptrdiff_t>((r + 1) * kTokens));
  }
  return answer;
}

Result<Form> wanted_form(const plugin::Instance& instance) {
  const auto* table = instance.extension<ipr_optimizer_v1>(IPR_OPTIMIZER_V1);
  if (table == nullptr) return plugin_error("no " IPR_OPTIMIZER_V1);
  return form_of(*table, instance.self());
}

}  // namespace ipr::check
