/* Which deployment did the mount's last write of a service make? The answer stands in fs->memory. */
#include "fs/tree/write/last_deployment.h"

#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "fs/edit/remembered/memory.h"
#include "fs/tree/tree.h"

#include <string.h>

static void note_key(const struct place *p, struct buf *out)
{
	memory_key(p, "last deployment of", p->service, out);
}

void last_deployment_note(const struct place *p, const json_t *service)
{
	auto_buf struct buf key = BUF_INIT(LIMIT_VALUE);
	json_auto_t *kept =
	    json_pack("{s:O*,s:O*}", "createdAt", json_object_get(service, "createdAt"),
		"deployments", json_object_get(service, "deployments"));

	note_key(p, &key);
	if (kept)
		memory_put(p->fs->memory, buf_str(&key), kept);
}

json_t *last_deployment(const struct place *p, char **ret_note)
{
	auto_buf struct buf key = BUF_INIT(LIMIT_VALUE);
	json_t *noted;

	note_key(p, &key);
	noted = memory_get(p->fs->memory, buf_str(&key));
	*ret_note = noted ? strdup(buf_str(&key)) : NULL;
	return noted;
}

void last_deployment_forget(const struct fs *fs, char **note)
{
	if (*note)
		memory_forget(fs->memory, *note);
	free(*note);
	*note = NULL;
}
