/*
 * Which commands are there beside mounting (`ecsfs NAME ...`)? Each is a row, from which dispatch,
 * help, completion and the error for a misspelt name are made. A mount point of the same name is
 * given as ./NAME.
 */
#ifndef ECSFS_CLI_COMMAND_H
#define ECSFS_CLI_COMMAND_H

#include <stdbool.h>
#include <stdio.h>

struct command {
	const char *name;
	const char *usage; /* the arguments after the name */
	const char *help;  /* one line, at most 60 columns; NULL: not for people */
	/* argv[0] is the name. The exit status; 2 for invalid arguments. */
	int (*run)(int argc, char **argv);
	const char *const
	    *options; /* of its own: "--json", ...; NULL-ended, for completion; NULL: none */
	bool paths;   /* its words are paths, for completion */
	bool mounts;  /* takes options of a mount too, and a mount point */
};

/* The rows of command_table.c, ended by { 0 }. */
extern const struct command commands[];

/* Runs a command, or prints its usage where --help stands before "--". The exit status. */
int command_run(const struct command *c, int argc, char **argv);
/* Flushes stdout. `status`, or 1 in place of 0 after a message where what was printed is lost. `name` is
 * the command's, "" for none. */
int command_check_output(const char *name, int status);

/* The command of that name; NULL: unknown. */
const struct command *command_find(const char *name);
/* The name nearest to a mistyped one; NULL: none is near. */
const char *command_nearest(const char *word);

/* Prints "ecsfs NAME: TEXT" to stderr and returns 2, for `return command_refuse(...)`. */
int command_refuse(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for an argument that is unknown: with the option that was meant, or the usage. */
int command_unknown(const char *name, const char *argument);
/* The same for two options of which only one may be given. */
int command_excludes(const char *name, const char *option, const char *other);
/* Prints the usage line of a command. */
void command_print_usage(const char *name, FILE *f);

#endif
