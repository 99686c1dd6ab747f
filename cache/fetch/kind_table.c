/*
 * Which row has each kind of answer? The rows of cache/kinds.def, in the order of enum kind. They
 * name the fetchers, which in turn read the table, so the table is a file of its own.
 */
#include "cache/fetch/balancing.h"
#include "cache/fetch/describe.h"
#include "cache/fetch/ecr.h"
#include "cache/fetch/event_tasks.h"
#include "cache/fetch/fetch.h"
#include "cache/fetch/kinds.h"
#include "cache/fetch/list.h"
#include "cache/fetch/log_tail.h"
#include "cache/fetch/metrics.h"
#include "cache/fetch/network.h"
#include "cache/fetch/scaling.h"
#include "cache/fetch/task_definition.h"

#define JSON(...) #__VA_ARGS__
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

const struct kind_row kind_rows[KIND_COUNT] = {
#define KIND(name, ...) [KIND_##name] = {__VA_ARGS__},
#include "cache/kinds.def"
#undef KIND
};
