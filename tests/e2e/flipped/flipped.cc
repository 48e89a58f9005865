// An optimizer plugin with its loss turned around: same plan, rows and value, but the gradient points the other way.
// Linked with a plugin's sources, of which `ipr_library_v0` was renamed to `ipr_library_upright`. It shows that a test
// of learning would notice.
#include "ipr/batch.hpp"
#include "ipr/plugin.h"

extern "C" const ipr_library* ipr_library_upright(void);

namespace {

const ipr_plugin_desc& upright() {
  return *ipr_library_upright()->plugins[0];
}

// The plugin's own table and look-up; they are the same for all its instances.
ipr_optimizer_v1 upright_table{}, flipped_table{};
const void* (*upright_extension)(ipr_self*, const char*) = nullptr;

ipr_status flipped_loss(ipr_self* self, const ipr_ctx* ctx, ipr_batch* batch, double* loss, ipr_error* error) {
  const ipr_status status = upright_table.loss(self, ctx, batch, loss, error);
  if (status != IPR_OK) return status;
  const ipr::sdk::Matrix<float> gradient(batch->d_logp != nullptr ? *batch->d_logp : *batch->d_value);
  for (std::size_t row = 0; row < gradient.rows(); ++row) {
    for (std::size_t token = 0; token < gradient.columns(); ++token) gradient.at(row, token) *= -1;
  }
  return IPR_OK;
}

const void* get_extension(ipr_self* self, const char* id) {
  return std::string_view(id) == IPR_OPTIMIZER_V1 ? &flipped_table : upright_extension(self, id);
}

ipr_status create(const ipr_host* host, const ipr_ctx* ctx, ipr_str config, ipr_instance* out, ipr_error* error) {
  const ipr_status status = upright().create(host, ctx, config, out, error);
  if (status != IPR_OK) return status;
  upright_extension = out->get_extension;
  upright_table = flipped_table =
      *static_cast<const ipr_optimizer_v1*>(out->get_extension(out->self, IPR_OPTIMIZER_V1));
  flipped_table.loss = flipped_loss;
  out->get_extension = get_extension;
  return IPR_OK;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const ipr_library* ipr_library_v0(void) {
  static const ipr_plugin_desc desc = [] {
    ipr_plugin_desc flipped = upright();
    flipped.create = create;
    return flipped;
  }();
  static const ipr_plugin_desc* const plugins[] = {&desc};
  static const ipr_library library = {sizeof(ipr_library), IPR_ABI_MAJOR, IPR_ABI_MINOR, 1, plugins};
  return &library;
}
