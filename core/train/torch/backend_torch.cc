// Backend on LibTorch.
//
// A step's rows are packed into units. A small model on the CPU runs its units on one thread each, whole (a replica
// with its own gradient buffer; at this size split products gain little); a large one runs them one after the other,
// each product on all threads. Which rows meet in a unit, and the order of every sum, depend only on the rows and the
// options.
//
// Weights with LoRA pairs: the base is the process's one copy on the device (device_base.h) and stays as it is; the
// pairs alone have masters, gradients and moments. A value head has its own beside either.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "core/train/memory.h"
#include "core/train/torch/adamw.h"
#include "core/train/torch/device_base.h"
#include "core/train/torch/f32_products.h"
#include "core/train/torch/free_memory.h"
#include "core/train/torch/library.h"
#include "core/train/torch/llama_torch.h"
#include "core/train/units.h"

namespace ipr::train {
namespace {

// Up to this many weights each thread gets a replica.
constexpr std::int64_t kReplicaWeights = 16'000'000;

struct Unit {
  std::int64_t tokens = 0;
  std::size_t replica = 0;
  Packed packed;
  Tape tape;
  at::Tensor output;
};

using Numbers = std::vector<std::vector<float>>;  // by row and token

// Runs `function`, and turns what LibTorch throws into a Status.
template <typename Function>
auto guarded(const char* what, const Function& function) -> decltype(function()) {
  try {
    return function();
  } catch (const c10::Error& error) {
    return failed(std::string("trainer: ") + what + ": " + error.what_without_backtrace());
  } catch (const std::bad_alloc&) {
    return failed(std::string("trainer: ") + what + ": out of memory; lower tokens_per_pass or the batch");
  } catch (const std::exception& error) {
    return failed(std::string("trainer: ") + what + ": " + error.what());
  }
}

class TorchBackend final : public Backend {
 public:
  TorchBackend(const BackendOptions& options, at::Device device)
      : options_(options), device_(device), type_(options.dtype == "bf16" ? at::kBFloat16 : at::kFloat) {}

  Status set_weights(const model::Weights& weights) override;
  [[nodiscard]] Result<model::Weights> weights() const override;
  [[nodiscard]] Result<Numbers> logprobs(std::span<const TrainRow* const> rows) override;
  [[nodiscard]] Result<Numbers> values(std::span<const TrainRow* const> rows) override;
  [[nodiscard]] Result<std::vector<float>> logits(std::span<const std::int32_t> ids) override;
  [[nodiscard]] Result<StepStats> step(std::span<const TrainRow* const> rows, const StepSettings& settings,
                                       const LossFunction& loss) override;
  [[nodiscard]] std::map<std::string, double> last_grad_norms() const override;
  [[nodiscard]] Result<std::string> save_state() const override;
  Status load_state(std::string_view bytes) override;

 private:
  void train_all(const model::Weights& weights);
  void train_pairs(const model::Weights& weights);
  void make_masters(Layout layout, std::map<std::string, const model::Values*> start, const model::Weights& weights);
  void add_value_views(const model::Weights& weights);
  [[nodiscard]] int replicas_for(const model::LlamaConfig& config) const;
  [[nodiscard]] Status begin(std::span<const TrainRow* const> rows, Output output) const;
  [[nodiscard]] Result<Numbers> outputs(std::span<const TrainRow* const> rows, Output output);
  [[nodiscard]] std::vector<Unit> pack_units(std::span<const TrainRow* const> rows, const StepSettings& settings) const;
  [[nodiscard]] std::size_t recomputed_layers(std::int64_t tokens) const;
  template <typename Function>
  void run(std::vector<Unit>& units, const Function& function) const;
  void backward(Unit& unit, const Numbers& gradient);

  BackendOptions options_;
  at::Device device_;
  at::ScalarType type_;  // of what the model reads
  std::unique_ptr<LlamaTorch> model_;
  model::Weights frozen_;                   // config; with pairs also the base's tensors and what else belongs to LoRA
  std::shared_ptr<const DeviceBase> base_;  // shared with rollout engines; null without pairs
  std::unique_ptr<AdamW> trained_;
  bool has_values_ = false;
  ModelViews weight_views_;
  std::vector<ModelViews> gradient_views_;  // one per replica
};

Status TorchBackend::set_weights(const model::Weights& weights) {
  IPR_TRY(model::check_weights(weights, "trainer"));
  return guarded("set_weights", [&]() -> Status {
    trained_ = nullptr;  // its memory first
    weight_views_ = {};
    gradient_views_.clear();
    model_ = std::make_unique<LlamaTorch>(weights.config, device_, device_.is_cpu() && options_.own_kernels);
    if (weights.lora) {
      train_pairs(weights);
    } else {
      train_all(weights);
    }
    return {};
  });
}

void TorchBackend::train_all(const model::Weights& weights) {
  const model::LlamaConfig& config = weights.config;
  base_ = nullptr;
  frozen_ = {config, {}, {}, {}};
  std::map<std::string, const model::Values*> start;
  for (const auto& [name, tensor] : weights.tensors) start[name] = &tensor.values;
  make_masters(Layout(config), std::move(start), weights);
  weight_views_ = make_views(config, trained_->weights());
  for (std::size_t i = 0; i < trained_->replicas(); ++i) {
    gradient_views_.push_back(make_views(config, trained_->gradients(i)));
  }
  add_value_views(weights);
}

void TorchBackend::train_pairs(const model::Weights& weights) {
  const model::LlamaConfig& config = weights.config;
  base_ = device_base(weights, device_, type_);
  frozen_ = weights;
  frozen_.value_head = {};
  std::map<std::string, const model::Values*> start;
  for (const auto& [module, pair] : weights.lora->pairs) {
    start[lora_a_name(module)] = &pair.a.values;
    start[lora_b_name(module)] = &pair.b.values;
  }
  make_masters(Layout(*weights.lora), std::move(start), weights);
  weight_views_ = base_->views();
  add_adapters(weight_views_, config, *weights.lora, trained_->weights());
  gradient_views_.assign(trained_->replicas(), {});
  for (std::size_t i = 0; i < trained_->replicas(); ++i) {
    gradient_views_[i].layers.resize(static_cast<std::size_t>(config.num_layers));
    add_adapters(gradient_views_[i], config, *weights.lora, trained_->gradients(i));
  }
  add_value_views(weights);
}

// `start`: the first values of what is trained, without those of the value head.
void TorchBackend::make_masters(Layout layout, std::map<std::string, const model::Values*> start,
                                const model::Weights& weights) {
  has_values_ = weights.value_head.has_value();
  if (has_values_) {
    layout.add_value_head(weights.config);
    start[model::kValueWeight] = &weights.value_head->weight.values;
    start[model::kValueBias] = &weights.value_head->bias.values;
  }
  trained_ = std::make_unique<AdamW>(
      std::move(layout), [&](const std::string& name) -> const model::Values& { return *start.at(name); }, device_,
      type_, replicas_for(weights.config));
}

void TorchBackend::add_value_views(const model::Weights& weights) {
  if (!weights.value_head) return;
  add_value_head(weight_views_, trained_->weights());
  for (std::size_t i = 0; i < gradient_views_.size(); ++i) add_value_head(gradient_views_[i], trained_->gradients(i));
}

int TorchBackend::replicas_for(const model::LlamaConfig& config) const {
  const bool replicas =
      type_ == at::kFloat && model_->may_run_replicas() && config.parameter_count() <= kReplicaWeights;
  return replicas ? options_.threads : 1;
}

Result<model::Weights> TorchBackend::weights() const {
  if (!trained_) return failed("trainer: weights() before set_weights()");
  return guarded("weights", [&]() -> Result<model::Weights> {
    model::Weights out = frozen_;
    std::map<std::string, model::Tensor*> places;
    if (has_values_) {
      out.value_head.emplace();
      places[model::kValueWeight] = &out.value_head->weight;
      places[model::kValueBias] = &out.value_head->bias;
    }
    if (out.lora) {
      for (auto& [module, pair] : out.lora->pairs) {
        places[lora_a_name(module)] = &pair.a;
        places[lora_b_name(module)] = &pair.b;
      }
    }
    trained_->read_masters([&](const std::string& name, model::Tensor tensor) {
      const auto place = places.find(name);
      (place != places.end() ? *place->second : out.tensors[name]) = std::move(tensor);
    });
    return out;
  });
}

// Checks the rows of a call. The thread count is the calling thread's, and another backend may have set another, or
// asked for other products.
Status TorchBackend::begin(std::span<const TrainRow* const> rows, Output output) const {
  if (!trained_) return failed("trainer: no weights yet; call set_weights first");
  if (output == Output::kValue && !has_values_) return failed("trainer: these weights have no value head");
  at::set_num_threads(options_.threads);
  choose_f32_products(options_.dtype == "bf32");
  const model::LlamaConfig& config = model_->config();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const TrainRow& row = *rows[i];
    const std::string where = "training row " + std::to_string(i);
    if (row.mask.size() != row.ids.size()) {
      return bad_data(where + ": " + std::to_string(row.ids.size()) + " tokens but a mask of " +
                      std::to_string(row.mask.size()));
    }
    if (config.max_positions > 0 && static_cast<std::int64_t>(row.ids.size()) > config.max_positions) {
      return bad_data(where + ": " + std::to_string(row.ids.size()) + " tokens, but the model takes " +
                      std::to_string(config.max_positions) + "; cut the row");
    }
    for (const std::int32_t id : row.ids) {
      if (id < 0 || id >= config.vocab_size) {
        return bad_data(where + ": token " + std::to_string(id) + " is not in the vocabulary of " +
                        std::to_string(config.vocab_size));
      }
    }
  }
  return {};
}

std::vector<Unit> TorchBackend::pack_units(std::span<const TrainRow* const> rows, const StepSettings& settings) const {
  std::vector<Unit> units;
  std::int64_t longest = 0;
  for (const UnitPlan& plan :
       plan_units(rows, {options_.tokens_per_pass, trained_->replicas(), options_.shares && model_->own_kernels()})) {
    units.push_back({plan.tokens, plan.replica, pack_rows(rows, plan, settings.output, device_), {}, {}});
    if (settings.dropout > 0) add_dropout(units.back().packed, rows, plan, settings.dropout, settings.dropout_seed);
    longest = std::max(longest, units.back().packed.packing.longest);
  }
  model_->reserve_positions(longest);
  return units;
}

// How many of the first layers keep only their input while forwards of `tokens` tokens wait for backward. What a
// forward keeps is bounded; the bits do not depend on it.
std::size_t TorchBackend::recomputed_layers(std::int64_t tokens) const {
  const double share = device_.is_cpu() ? 0.5 : 0.7;  // the rest is for what operators hold meanwhile
  const double bound = options_.tape_bytes > 0 ? static_cast<double>(options_.tape_bytes)
                                               : share * static_cast<double>(free_memory(device_));
  const TapeBytes bytes = tape_bytes_per_token(frozen_.config, type_ == at::kBFloat16);
  const auto layers = static_cast<double>(frozen_.config.num_layers);
  const double too_much = static_cast<double>(tokens * bytes.whole) * layers - bound;
  if (bound == 0 || too_much <= 0) return 0;
  const double count = std::ceil(too_much / static_cast<double>(tokens * (bytes.whole - bytes.input)));
  return static_cast<std::size_t>(std::min(count, layers));
}

template <typename Function>
void TorchBackend::run(std::vector<Unit>& units, const Function& function) const {
  if (trained_->replicas() == 1 || units.size() == 1) {
    for (Unit& unit : units) function(unit);
    return;
  }
  at::parallel_for(0, static_cast<std::int64_t>(trained_->replicas()), 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t replica = first; replica < last; ++replica) {
      for (Unit& unit : units) {
        if (unit.replica == static_cast<std::size_t>(replica)) function(unit);
      }
    }
  });
}

Numbers zeros_like_rows(std::span<const TrainRow* const> rows) {
  Numbers out;
  out.reserve(rows.size());
  for (const TrainRow* row : rows) out.emplace_back(row->ids.size(), 0.0f);
  return out;
}

void collect(const Unit& unit, Numbers& out) {
  const at::Tensor output = unit.output.cpu();
  const float* value = output.const_data_ptr<float>();
  for (const Packed::Place& place : unit.packed.places) out[place.row][place.token] = *value++;
}

Result<Numbers> TorchBackend::logprobs(std::span<const TrainRow* const> rows) {
  return outputs(rows, Output::kLogp);
}

Result<Numbers> TorchBackend::values(std::span<const TrainRow* const> rows) {
  return outputs(rows, Output::kValue);
}

Result<Numbers> TorchBackend::outputs(std::span<const TrainRow* const> rows, Output output) {
  IPR_TRY(begin(rows, output));
  return guarded(output == Output::kLogp ? "logprobs" : "values", [&]() -> Result<Numbers> {
    std::vector<Unit> units = pack_units(rows, {.output = output});
    run(units, [&](Unit& unit) { unit.output = model_->forward(weight_views_, unit.packed, nullptr); });
    Numbers out = zeros_like_rows(rows);
    for (const Unit& unit : units) collect(unit, out);
    return out;
  });
}

Result<std::vector<float>> TorchBackend::logits(std::span<const std::int32_t> ids) {
  TrainRow row;
  row.ids.assign(ids.begin(), ids.end());
  row.mask.assign(ids.size(), 0.0f);
  const TrainRow* const rows[] = {&row};
  IPR_TRY(begin(rows, Output::kLogp));
  return guarded("logits", [&]() -> Result<std::vector<float>> {
    const UnitPlan alone{{0}, {{}}, static_cast<std::int64_t>(ids.size()), 0};
    const Packed packed = pack_rows(rows, alone, Output::kLogp, device_);
    model_->reserve_positions(packed.packing.longest);
    const at::Tensor all = model_->logits(weight_views_, packed).cpu();
    const float* const first = all.const_data_ptr<float>();
    return std::vector<float>(first, first + static_cast<std::int64_t>(ids.size()) * all.size(1));
  });
}

void TorchBackend::backward(Unit& unit, const Numbers& gradient) {
  at::Tensor upstream = at::zeros({unit.packed.target.size(0)}, at::kFloat);
  float* value = upstream.mutable_data_ptr<float>();
  for (const Packed::Place& place : unit.packed.places) *value++ = gradient[place.row][place.token];
  model_->backward(weight_views_, unit.packed, unit.tape, upstream.to(device_), gradient_views_[unit.replica]);
  unit.tape = {};
}

Result<StepStats> TorchBackend::step(std::span<const TrainRow* const> rows, const StepSettings& settings,
                                     const LossFunction& loss) {
  IPR_TRY(begin(rows, settings.output));
  return guarded("step", [&]() -> Result<StepStats> {
    std::vector<Unit> units = pack_units(rows, settings);
    std::int64_t total = 0;
    for (const Unit& unit : units) total += unit.tokens;
    const bool one_pass = total <= options_.tokens_per_pass;
    std::int64_t waiting = 0;  // tokens whose forward waits for backward at the same time
    for (const Unit& unit : units) waiting = one_pass ? total : std::max(waiting, unit.tokens);
    if (!one_pass) waiting *= static_cast<std::int64_t>(trained_->replicas());
    for (Unit& unit : units) unit.tape.recomputed_layers = recomputed_layers(waiting);
    run(units, [&](Unit& unit) {
      unit.output = model_->forward(weight_views_, unit.packed, one_pass ? &unit.tape : nullptr);
    });
    Numbers outputs = zeros_like_rows(rows), gradient = outputs;
    for (const Unit& unit : units) collect(unit, outputs);
    StepStats stats;
    IPR_ASSIGN(stats.loss, loss(outputs, gradient));
    trained_->zero_gradients();
    run(units, [&](Unit& unit) {
      if (!one_pass) (void)model_->forward(weight_views_, unit.packed, &unit.tape);
      backward(unit, gradient);
    });
    stats.grad_norm = trained_->reduce_gradients(model_->own_kernels());
    if (!std::isfinite(stats.loss) || !std::isfinite(stats.grad_norm)) {
      return failed("trainer: loss " + std::to_string(stats.loss) + ", gradient norm " +
                    std::to_string(stats.grad_norm) +
                    " is not finite; the weights are untouched; lower the learning rate");
    }
    trained_->update(settings, stats.grad_norm);
    return stats;
  });
}

std::map<std::string, double> TorchBackend::last_grad_norms() const {
  return trained_ ? trained_->gradient_norms() : std::map<std::string, double>();
}

Result<std::string> TorchBackend::save_state() const {
  if (!trained_) return failed("trainer: no state to save before set_weights");
  return guarded("save_state", [&]() -> Result<std::string> { return trained_->save_state(); });
}

Status TorchBackend::load_state(std::string_view bytes) {
  if (!trained_) return failed("trainer: load_state before set_weights");
  return guarded("load_state", [&]() -> Status { return trained_->load_state(bytes); });
}

}  // namespace

Backend* make_torch_backend(const BackendOptions& options, at::Device device) {
  return new TorchBackend(options, device);
}

}  // namespace ipr::train
