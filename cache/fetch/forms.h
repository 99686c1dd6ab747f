/*
 * Is a name valid for AWS? Checked before a call, since one malformed id fails a whole Describe.
 * Pure; any thread.
 */
#ifndef ECSFS_FORMS_H
#define ECSFS_FORMS_H

#include <stdbool.h>

enum name_form {
	FORM_NONE, /* no name at all */
	FORM_NAME,
	FORM_ID,
	FORM_REVISION,
	FORM_ARN,
	FORM_REGISTRY, /* ACCOUNT/REGION */
	FORM_REPOSITORY,
	FORM_IMAGE, /* a tag or a digest */
	FORM_TEXT,  /* from a task definition: not empty, without control characters */
};

/* False for FORM_NONE. */
bool name_form_valid(enum name_form form, const char *name);

#endif
