/*
 * Which text do `ecsfs --help` and the OPTIONS section of ecsfs(1) have? Both are made from the
 * option table.
 */
#ifndef ECSFS_CLI_USAGE_H
#define ECSFS_CLI_USAGE_H

#include <stdio.h>

/* The common options, a line each, and the names of the others: 24 lines of 80 columns. */
void usage_print(FILE *f);
/* A line for every option, under their heads. */
void usage_print_all(FILE *f);
/* The options as man(7) source: a subsection for each head. */
void usage_print_man(FILE *f);

#endif
