/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-ioas authors
 */
#ifndef IOAS_SERVE_H
#define IOAS_SERVE_H

/* Memory is mapped: from now on the plugin answers secondary processes. */
void serve_secondaries(void);
/* EAL's own VFIO stays off in this process. The plugin then answers the requests from the VFIO of a secondary
 * process without the plugin. */
void serve_without_vfio(void);

#endif /* IOAS_SERVE_H */
