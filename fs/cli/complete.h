/*
 * Which words complete the line, in every shell? The functions in fs/completion/ pass the words of
 * the line on and show the lines printed here, so that options and values are known in one place.
 */
#ifndef ECSFS_CLI_COMPLETE_H
#define ECSFS_CLI_COMPLETE_H

/*
 * `ecsfs complete WORD...`: the words behind the program's name, the last one unfinished (perhaps
 * empty). Prints a candidate a line, its meaning after a tab. ":files" or ":directories" alone asks
 * the shell to complete a path, of the text behind it.
 */
int complete_run(int argc, char **argv);

#endif
