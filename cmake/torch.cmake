# The target ipr-torch: LibTorch from the PyPI wheel (bootstrap.sh puts it in .deps), without find_package(Torch), which
# wants a CUDA toolkit even for the CPU.

if(NOT TORCH_ROOT)
  file(GLOB found "${PROJECT_SOURCE_DIR}/.deps/lib/python3*/site-packages/torch")
  list(POP_FRONT found TORCH_ROOT)
endif()
if(NOT EXISTS "${TORCH_ROOT}/lib/libtorch_cpu.so")
  message(FATAL_ERROR "LibTorch not found (TORCH_ROOT=\"${TORCH_ROOT}\"): run ./bootstrap.sh, give -DTORCH_ROOT=DIR, or -DIPR_TORCH=OFF")
endif()

add_library(ipr-torch INTERFACE)
target_include_directories(ipr-torch SYSTEM INTERFACE "${TORCH_ROOT}/include" "${TORCH_ROOT}/include/torch/csrc/api/include")
# at::parallel_for is serial in files compiled without -fopenmp; the one libgomp in the process is torch's own.
target_compile_options(ipr-torch INTERFACE -fopenmp)
if(IPR_CUDA)
  # --no-as-needed: nothing names a symbol of libtorch_cuda, yet it must be there to register its kernels.
  target_link_options(ipr-torch INTERFACE -Wl,--no-as-needed -Wl,--allow-shlib-undefined)
  target_link_libraries(ipr-torch INTERFACE "${TORCH_ROOT}/lib/libtorch_cuda.so" "${TORCH_ROOT}/lib/libc10_cuda.so")
  target_compile_definitions(ipr-torch INTERFACE IPR_CUDA=1)
endif()
target_link_libraries(ipr-torch INTERFACE "${TORCH_ROOT}/lib/libtorch_cpu.so" "${TORCH_ROOT}/lib/libc10.so")
