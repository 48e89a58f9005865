/* plugin.h as a C99 program sees it: it compiles, and its structs have the sizes that C++ sees. */
#include "ipr/plugin.h"

size_t ipr_c_size_of_tensor(void) {
  return sizeof(ipr_tensor);
}
size_t ipr_c_size_of_step(void) {
  return sizeof(ipr_step);
}
size_t ipr_c_size_of_batch(void) {
  return sizeof(ipr_batch);
}
size_t ipr_c_size_of_optimizer(void) {
  return sizeof(ipr_optimizer_v1);
}
uint64_t ipr_c_mix64(uint64_t a, uint64_t b) {
  return ipr_mix64(a, b);
}
int ipr_c_has_message(uint32_t struct_size) {
  ipr_error error;
  error.struct_size = struct_size;
  return IPR_HAS(&error, ipr_error, message);
}
