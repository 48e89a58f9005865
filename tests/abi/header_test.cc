#include <cstddef>
#include <type_traits>

#include "ipr/plugin.h"
#include "tests/support/catch.h"

extern "C" {
std::size_t ipr_c_size_of_tensor(void);
std::size_t ipr_c_size_of_step(void);
std::size_t ipr_c_size_of_batch(void);
std::size_t ipr_c_size_of_optimizer(void);
std::uint64_t ipr_c_mix64(std::uint64_t a, std::uint64_t b);
int ipr_c_has_message(std::uint32_t struct_size);
}

namespace {

// DLPack 1.x, dlpack.h: the layout that ipr_tensor promises to share.
struct DLDevice {
  std::int32_t device_type, device_id;
};
struct DLDataType {
  std::uint8_t code, bits;
  std::uint16_t lanes;
};
struct DLTensor {
  void* data;
  DLDevice device;
  std::int32_t ndim;
  DLDataType dtype;
  std::int64_t* shape;
  std::int64_t* strides;
  std::uint64_t byte_offset;
};

static_assert(sizeof(ipr_tensor) == sizeof(DLTensor) && alignof(ipr_tensor) == alignof(DLTensor));
static_assert(offsetof(ipr_tensor, data) == offsetof(DLTensor, data));
static_assert(offsetof(ipr_tensor, device_type) == offsetof(DLTensor, device) + offsetof(DLDevice, device_type));
static_assert(offsetof(ipr_tensor, device_id) == offsetof(DLTensor, device) + offsetof(DLDevice, device_id));
static_assert(offsetof(ipr_tensor, ndim) == offsetof(DLTensor, ndim));
static_assert(offsetof(ipr_tensor, type_code) == offsetof(DLTensor, dtype) + offsetof(DLDataType, code));
static_assert(offsetof(ipr_tensor, type_bits) == offsetof(DLTensor, dtype) + offsetof(DLDataType, bits));
static_assert(offsetof(ipr_tensor, type_lanes) == offsetof(DLTensor, dtype) + offsetof(DLDataType, lanes));
static_assert(offsetof(ipr_tensor, shape) == offsetof(DLTensor, shape));
static_assert(offsetof(ipr_tensor, strides) == offsetof(DLTensor, strides));
static_assert(offsetof(ipr_tensor, byte_offset) == offsetof(DLTensor, byte_offset));

// The frozen structs, on every 64-bit machine.
static_assert(sizeof(ipr_str) == 16 && sizeof(ipr_tensor) == 48 && sizeof(ipr_total) == 32 &&
              sizeof(ipr_error) == 1024);

// Every struct that may grow begins with its size.
template <typename... Structs>
constexpr bool kSizeFirst = ((offsetof(Structs, struct_size) == 0 && std::is_standard_layout_v<Structs>)&&...);
static_assert(kSizeFirst<ipr_error, ipr_host, ipr_ctx, ipr_instance, ipr_plugin_desc, ipr_library, ipr_step, ipr_split,
                         ipr_task, ipr_message, ipr_parsed>);
static_assert(kSizeFirst<ipr_environment_v1, ipr_env_dialect_v1, ipr_env_actions_v1, ipr_env_snapshot_v1,
                         ipr_env_progress_v1, ipr_env_expert_v1>);
static_assert(kSizeFirst<ipr_turn, ipr_trajectory, ipr_query, ipr_score, ipr_scorer_v1, ipr_host_basics_v1,
                         ipr_sampling, ipr_rollout_req, ipr_rollout_res>);
static_assert(kSizeFirst<ipr_gen_req, ipr_gen_res, ipr_policy_v1, ipr_policy_choices_v1>);
static_assert(
    kSizeFirst<ipr_host_rollouts_v1, ipr_collect, ipr_example, ipr_example_sink, ipr_batch, ipr_optimizer_v1>);

}  // namespace

TEST_CASE("plugin.h means the same in C99 and in C++20", "[abi]") {
  CHECK(ipr_c_size_of_tensor() == sizeof(ipr_tensor));
  CHECK(ipr_c_size_of_step() == sizeof(ipr_step));
  CHECK(ipr_c_size_of_batch() == sizeof(ipr_batch));
  CHECK(ipr_c_size_of_optimizer() == sizeof(ipr_optimizer_v1));
  CHECK(ipr_c_mix64(1, 2) == ipr_mix64(1, 2));
  CHECK(ipr_c_mix64(1, 2) != ipr_mix64(2, 1));
}

TEST_CASE("a field is there only if its allocator's struct holds all of it", "[abi]") {
  CHECK(ipr_c_has_message(sizeof(ipr_error)) == 1);
  CHECK(ipr_c_has_message(sizeof(ipr_error) - 1) == 0);
  CHECK(ipr_c_has_message(8) == 0);
}
