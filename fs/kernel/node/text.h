/*
 * What is the text of a version of a file? Immutable bytes, counted; a node and the open files of
 * one version share them. Any thread.
 */
#ifndef ECSFS_TEXT_H
#define ECSFS_TEXT_H

#include <stdatomic.h>
#include <stddef.h>

struct text {
	atomic_int refs;
	size_t len;
	char bytes[];
};

struct text *text_new(const void *bytes, size_t len);
struct text *text_ref(struct text *t);
void text_unref(struct text *t);
#define auto_text __attribute__((cleanup(text_cleanup)))
void text_cleanup(struct text **t);

#endif
