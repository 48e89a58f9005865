// Backend on LibTorch.
//
// A step's rows are packed into units. A small model on the CPU runs its units on one thread each, whole (a replica
// with its own gradient buffer; at this size split products gain little); a large one runs them one after the other,
// each product on all threads. Which rows meet in a unit, and the order of every sum, depend only on the rows and the
// options.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <numeric>

#include "core/train/torch/factory.h"
#include "core/train/torch/llama_torch.h"

namespace ipr::train {
namespace {

// Up to this many weights each thread gets a replica.
constexpr std::int64_t kReplicaWeights = 16'000'000;
// Tokens of a unit on a replica: long enough for the products, short enough for the cache.
constexpr std::int64_t kUnitTokens = 1024;

struct Unit {
  std::vector<std::size_t> rows;
  std::int64_t tokens = 0;
  std::size_t replica = 0;
  Packed packed;
  Tape tape;
  at::Tensor logp;
};

using Logps = std::vector<std::vector<float>>;

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
  TorchBackend(const BackendOptions& options, at::Device device) : options_(options), device_(device) {}

  Status set_weights(const model::Weights& weights) override;
  [[nodiscard]] Result<model::Weights> weights() const override;
  [[nodiscard]] Result<Logps> logprobs(std::span<const TrainRow* const> rows) override;
  [[nodiscard]] Result<std::vector<float>> logits(std::span<const std::int32_t> ids) override;
  [[nodiscard]] Result<StepStats> step(std::span<const TrainRow* const> rows, const StepSettings& settings,
                                       const LossFunction& loss) override;
  [[nodiscard]] std::map<std::string, double> last_grad_norms() const override;
  [[nodiscard]] Result<std::string> save_state() const override;
  Status load_state(std::string_view bytes) override;

 private:
  [[nodiscard]] Status begin(std::span<const TrainRow* const> rows) const;
  [[nodiscard]] std::vector<Unit> plan_units(std::span<const TrainRow* const> rows) const;
  template <typename Function>
  void run(std::vector<Unit>& units, const Function& function) const;
  void backward(Unit& unit, const Logps& d_logp);
  double reduce_gradients();
  void update(const StepSettings& settings, double grad_norm);

  BackendOptions options_;
  at::Device device_;
  std::unique_ptr<LlamaTorch> model_;
  at::Tensor weights_, moment1_, moment2_, step_count_;  // flat, see Layout
  std::vector<at::Tensor> gradients_;                    // one per replica
  ModelViews weight_views_;
  std::vector<ModelViews> gradient_views_;
  std::vector<double> squared_norms_;  // per parameter, of the last step's gradient
};

// What the passes here do not compute is refused by name: a model trained without it would be another model.
Status check_trainable(const model::LlamaConfig& config) {
  const auto refused = [&](const char* what) {
    return bad_data(std::string("trainer: a ") + model::family_name(config.family) + " model with " + what +
                    " cannot be trained yet; choose one without");
  };
  if (config.qkv_bias || config.output_bias || config.mlp_bias) return refused("biases");
  if (config.qk_norm) return refused("norms on queries and keys");
  if (config.sliding_window > 0 && config.sliding_window < config.max_positions) return refused("a sliding window");
  using Kind = model::RopeScaling::Kind;  // dynamic scaling changes nothing up to max_positions
  if (config.rope_scaling.kind == Kind::kLinear || config.rope_scaling.kind == Kind::kLlama3)
    return refused("scaled rotary positions");
  return {};
}

Status TorchBackend::set_weights(const model::Weights& weights) {
  IPR_TRY(model::check_weights(weights, "trainer"));
  IPR_TRY(check_trainable(weights.config));
  return guarded("set_weights", [&]() -> Status {
    const bool own = device_.is_cpu() && options_.own_kernels;
    model_ = std::make_unique<LlamaTorch>(weights.config, device_, own);
    const Layout& layout = model_->layout();
    at::Tensor flat = at::zeros({layout.size()}, at::kFloat);
    for (const Parameter& parameter : layout.parameters()) {
      const model::Values& values = weights.tensors.at(parameter.name).values;
      values.read(0, {flat.mutable_data_ptr<float>() + parameter.offset, values.size()});
    }
    weights_ = flat.to(device_);
    weight_views_ = views_of(layout, weights.config, weights_);
    moment1_ = at::zeros_like(weights_);
    moment2_ = at::zeros_like(weights_);
    step_count_ = at::zeros({}, at::TensorOptions().dtype(at::kFloat).device(device_));
    const bool replicas = model_->may_run_replicas() && layout.size() <= kReplicaWeights;
    gradients_.clear();
    gradient_views_.clear();
    for (int i = 0; i < (replicas ? options_.threads : 1); ++i) {
      gradients_.push_back(at::zeros_like(weights_));
      gradient_views_.push_back(views_of(layout, weights.config, gradients_.back()));
    }
    squared_norms_.assign(layout.parameters().size(), 0);
    return {};
  });
}

Result<model::Weights> TorchBackend::weights() const {
  if (!model_) return failed("trainer: weights() before set_weights()");
  return guarded("weights", [&]() -> Result<model::Weights> {
    model::Weights out;
    out.config = model_->config();
    const at::Tensor flat = weights_.cpu();
    for (const Parameter& parameter : model_->layout().parameters()) {
      const float* const first = flat.const_data_ptr<float>() + parameter.offset;
      out.tensors[parameter.name] = {parameter.shape, std::vector<float>(first, first + parameter.size)};
    }
    return out;
  });
}

// Checks the rows of a call. The thread count is the calling thread's, and another backend may have set another.
Status TorchBackend::begin(std::span<const TrainRow* const> rows) const {
  if (!model_) return failed("trainer: no weights yet; call set_weights first");
  at::set_num_threads(options_.threads);
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

// Rows in their order, cut where a unit is full; units go to the least loaded replica, the largest first.
std::vector<Unit> TorchBackend::plan_units(std::span<const TrainRow* const> rows) const {
  const auto replicas = static_cast<std::int64_t>(gradients_.size());
  std::int64_t total = 0;
  for (const TrainRow* row : rows) total += static_cast<std::int64_t>(row->ids.size());
  std::int64_t limit = options_.tokens_per_pass;
  if (replicas > 1) limit = std::min({limit, kUnitTokens, (total + replicas - 1) / replicas});
  std::vector<Unit> units;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto tokens = static_cast<std::int64_t>(rows[i]->ids.size());
    if (tokens == 0) continue;
    if (units.empty() || units.back().tokens + tokens > limit) units.emplace_back();
    units.back().rows.push_back(i);
    units.back().tokens += tokens;
  }
  std::vector<std::size_t> order(units.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return units[a].tokens > units[b].tokens; });
  std::vector<std::int64_t> load(gradients_.size(), 0);
  for (const std::size_t i : order) {
    units[i].replica = static_cast<std::size_t>(std::min_element(load.begin(), load.end()) - load.begin());
    load[units[i].replica] += units[i].tokens;
  }
  std::int64_t longest = 0;
  for (Unit& unit : units) {
    unit.packed = pack_rows(rows, unit.rows, device_);
    longest = std::max(longest, unit.packed.longest);
  }
  model_->reserve_positions(longest);
  return units;
}

template <typename Function>
void TorchBackend::run(std::vector<Unit>& units, const Function& function) const {
  if (gradients_.size() == 1 || units.size() == 1) {
    for (Unit& unit : units) function(unit);
    return;
  }
  at::parallel_for(0, static_cast<std::int64_t>(gradients_.size()), 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t replica = first; replica < last; ++replica) {
      for (Unit& unit : units) {
        if (unit.replica == static_cast<std::size_t>(replica)) function(unit);
      }
    }
  });
}

Logps zeros_like_rows(std::span<const TrainRow* const> rows) {
  Logps out;
  out.reserve(rows.size());
  for (const TrainRow* row : rows) out.emplace_back(row->ids.size(), 0.0f);
  return out;
}

void collect(const Unit& unit, Logps& out) {
  const at::Tensor logp = unit.logp.cpu();
  const float* value = logp.const_data_ptr<float>();
  for (const Packed::Place& place : unit.packed.places) out[place.row][place.token] = *value++;
}

Result<Logps> TorchBackend::logprobs(std::span<const TrainRow* const> rows) {
  IPR_TRY(begin(rows));
  return guarded("logprobs", [&]() -> Result<Logps> {
    std::vector<Unit> units = plan_units(rows);
    run(units, [&](Unit& unit) { unit.logp = model_->forward(weight_views_, unit.packed, nullptr); });
    Logps out = zeros_like_rows(rows);
    for (const Unit& unit : units) collect(unit, out);
    return out;
  });
}

Result<std::vector<float>> TorchBackend::logits(std::span<const std::int32_t> ids) {
  TrainRow row;
  row.ids.assign(ids.begin(), ids.end());
  row.mask.assign(ids.size(), 0.0f);
  const TrainRow* const rows[] = {&row};
  IPR_TRY(begin(rows));
  return guarded("logits", [&]() -> Result<std::vector<float>> {
    const std::size_t only[] = {0};
    const Packed packed = pack_rows(rows, only, device_);
    model_->reserve_positions(packed.longest);
    const at::Tensor all = model_->logits(weight_views_, packed).cpu();
    const float* const first = all.const_data_ptr<float>();
    return std::vector<float>(first, first + static_cast<std::int64_t>(ids.size()) * all.size(1));
  });
}

void TorchBackend::backward(Unit& unit, const Logps& d_logp) {
  at::Tensor upstream = at::zeros({unit.packed.target.size(0)}, at::kFloat);
  float* value = upstream.mutable_data_ptr<float>();
  for (const Packed::Place& place : unit.packed.places) *value++ = d_logp[place.row][place.token];
  model_->backward(weight_views_, unit.packed, unit.tape, upstream.to(device_), gradient_views_[unit.replica]);
  unit.tape = {};
}

Result<StepStats> TorchBackend::step(std::span<const TrainRow* const> rows, const StepSettings& settings,
                                     const LossFunction& loss) {
  IPR_TRY(begin(rows));
  return guarded("step", [&]() -> Result<StepStats> {
    std::vector<Unit> units = plan_units(rows);
    std::int64_t total = 0;
    for (const Unit& unit : units) total += unit.tokens;
    const bool one_pass = total <= options_.tokens_per_pass;
    run(units,
        [&](Unit& unit) { unit.logp = model_->forward(weight_views_, unit.packed, one_pass ? &unit.tape : nullptr); });
    Logps logp = zeros_like_rows(rows), d_logp = logp;
    for (const Unit& unit : units) collect(unit, logp);
    StepStats stats;
    IPR_ASSIGN(stats.loss, loss(logp, d_logp));
    for (at::Tensor& gradient : gradients_) gradient.zero_();
    run(units, [&](Unit& unit) {
      if (!one_pass) (void)model_->forward(weight_views_, unit.packed, &unit.tape);
      backward(unit, d_logp);
    });
    stats.grad_norm = reduce_gradients();
    if (!std::isfinite(stats.loss) || !std::isfinite(stats.grad_norm)) {
      return failed("trainer: loss " + std::to_string(stats.loss) + ", gradient norm " +
                    std::to_string(stats.grad_norm) +
                    " is not finite; the weights are untouched; lower the learning rate");
    }
    update(settings, stats.grad_norm);
    return stats;
  });
}

// Sums the replicas into the first; returns the global L2 norm.
double TorchBackend::reduce_gradients() {
  for (std::size_t i = 1; i < gradients_.size(); ++i) gradients_[0].add_(gradients_[i]);
  const std::vector<Parameter>& parameters = model_->layout().parameters();
  const bool own = model_->own_kernels();
  const auto measure = [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const Parameter& parameter = parameters[static_cast<std::size_t>(i)];
      squared_norms_[static_cast<std::size_t>(i)] =
          sum_of_squares(gradients_[0].narrow(0, parameter.offset, parameter.size), own);
    }
  };
  if (own) {
    at::parallel_for(0, static_cast<std::int64_t>(parameters.size()), 1, measure);
  } else {
    measure(0, static_cast<std::int64_t>(parameters.size()));
  }
  return std::sqrt(std::accumulate(squared_norms_.begin(), squared_norms_.end(), 0.0));
}

void TorchBackend::update(const StepSettings& settings, double grad_norm) {
  if (settings.clip > 0) {
    const double factor = std::min(1.0, settings.clip / (grad_norm + 1e-6));
    if (factor < 1) gradients_[0].mul_(factor);
  }
  step_count_.add_(1);
  at::_fused_adamw_({weights_}, {gradients_[0]}, {moment1_}, {moment2_}, {}, {step_count_}, settings.lr, settings.beta1,
                    settings.beta2, settings.weight_decay, settings.eps, /*amsgrad=*/false, /*maximize=*/false);
}

std::map<std::string, double> TorchBackend::last_grad_norms() const {
  std::map<std::string, double> norms;
  if (!model_) return norms;
  const std::vector<Parameter>& parameters = model_->layout().parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) norms[parameters[i].name] = std::sqrt(squared_norms_[i]);
  return norms;
}

// Saved state: this mark, step count and number of floats (both int64), first moments, second moments; host byte order.
constexpr char kStateMark[] = "ipr adamw state 1\n";
constexpr std::size_t kStateMarkSize = sizeof kStateMark - 1;

Result<std::string> TorchBackend::save_state() const {
  if (!model_) return failed("trainer: no state to save before set_weights");
  return guarded("save_state", [&]() -> Result<std::string> {
    const std::int64_t head[2] = {step_count_.item().to<std::int64_t>(), weights_.numel()};
    std::string bytes(kStateMark, kStateMarkSize);
    bytes.append(reinterpret_cast<const char*>(head), sizeof head);
    for (const at::Tensor& moment : {moment1_.cpu(), moment2_.cpu()}) {
      bytes.append(static_cast<const char*>(moment.const_data_ptr()), moment.nbytes());
    }
    return bytes;
  });
}

Status TorchBackend::load_state(std::string_view bytes) {
  if (!model_) return failed("trainer: load_state before set_weights");
  return guarded("load_state", [&]() -> Status {
    std::int64_t head[2] = {};
    const std::size_t moment_bytes = weights_.nbytes();
    if (bytes.size() != kStateMarkSize + sizeof head + 2 * moment_bytes || !bytes.starts_with(kStateMark)) {
      return bad_data("optimizer state: not one of this model's (" + std::to_string(bytes.size()) +
                      " bytes); delete the checkpoint's state to start the stage anew");
    }
    std::memcpy(head, bytes.data() + kStateMarkSize, sizeof head);
    if (head[1] != weights_.numel()) return bad_data("optimizer state: made for a model of another size");
    const char* next = bytes.data() + kStateMarkSize + sizeof head;
    for (at::Tensor* moment : {&moment1_, &moment2_}) {
      at::Tensor values = at::empty({weights_.numel()}, at::kFloat);
      std::memcpy(values.mutable_data_ptr(), next, moment_bytes);
      moment->copy_(values);
      next += moment_bytes;
    }
    step_count_.fill_(static_cast<double>(head[0]));
    return {};
  });
}

// Training frees and asks for the same large blocks in every step: glibc shall keep them instead of returning them to
// the system, which costs a page fault per 4 KiB each time.
void keep_freed_memory() {
  ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
  ::mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

Result<at::Device> device_of(const std::string& name) {
  if (name == "cpu") return at::Device(at::kCPU);
  int index = 0;
  if (name != "cuda") {
    const std::string digits = name.starts_with("cuda:") ? name.substr(5) : std::string();
    if (digits.empty() || digits.size() > 3 || digits.find_first_not_of("0123456789") != std::string::npos) {
      return usage("device \"" + name + "\" is unknown; use cpu, cuda or cuda:N");
    }
    index = std::stoi(digits);
  }
  if (!at::hasCUDA()) {
#if defined(IPR_CUDA)
    return failed("device " + name + ": LibTorch sees no GPU; check the driver, or use --device cpu");
#else
    return failed("device " + name + ": this build has no CUDA; configure with -DIPR_CUDA=ON, or use --device cpu");
#endif
  }
  const auto count = static_cast<int>(at::getNumGPUs());
  if (index >= count)
    return failed("device " + name + ": there are " + std::to_string(count) + " GPUs, counted from 0");
  return at::Device(at::kCUDA, static_cast<at::DeviceIndex>(index));
}

}  // namespace
}  // namespace ipr::train

extern "C" __attribute__((visibility("default"))) ipr::train::Backend* ipr_trainer_create(
    const ipr::train::BackendOptions& options, ipr::Status& status) {
  using namespace ipr::train;
  try {
    const ipr::Result<at::Device> device = device_of(options.device);
    if (!device.ok()) {
      status = device.status();
    } else if (options.threads < 1 || options.tokens_per_pass < 1) {
      status = ipr::usage("trainer: threads and tokens_per_pass must be at least 1");
    } else {
      static std::once_flag once;  // both settings are the process's
      std::call_once(once, [] {
        keep_freed_memory();
        at::set_num_interop_threads(1);
      });
      return new TorchBackend(options, *device);
    }
  } catch (const std::exception& problem) {
    status = ipr::failed(std::string("trainer: ") + problem.what());
  }
  return nullptr;
}
