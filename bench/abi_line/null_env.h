/* An environment whose step does nothing: what remains of a call's time is the line itself. In plain C. */
#ifndef IPR_BENCH_NULL_ENV_H
#define IPR_BENCH_NULL_ENV_H

#include "ipr/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One task "0", one train split; every step gives the same short observation. */
extern const ipr_plugin_desc ipr_bench_null_c;
/* Its step, for a direct call. */
ipr_status ipr_bench_null_step(ipr_episode* episode, const ipr_ctx* ctx, ipr_str action, ipr_step* out,
                               ipr_error* error);

#ifdef __cplusplus
}
#endif
#endif
