#include "core/rollout/service.h"

#include "tests/support/catch.h"

using namespace ipr::rollout;

TEST_CASE("a sampling without top-k, of a plugin with an older header, keeps all ids", "[rollout][service]") {
  ipr_sampling sampling{sizeof(ipr_sampling), 64, 0.7, 0.9, 40, 0};
  CHECK(sampling_of(sampling).temperature == 0.7);
  CHECK(sampling_of(sampling).top_p == 0.9);
  CHECK(sampling_of(sampling).max_new_tokens == 64);
  CHECK(sampling_of(sampling).top_k == 40);
  sampling.struct_size = offsetof(ipr_sampling, top_k);
  CHECK(sampling_of(sampling).top_p == 0.9);
  CHECK(sampling_of(sampling).top_k == 0);
}
