/* Which end of `ecsfs cp` is the container's? */
#include "fs/cli/copy/copy.h"

#include "fs/cli/command.h"
#include "fs/cli/copy/copy_in.h"
#include "fs/cli/copy/copy_out.h"

#include <stdlib.h>
#include <string.h>

static int copy(const char *from, const char *to)
{
	struct copy_place source = {0}, target = {0};
	bool out = copy_place_split(from, &source), in = copy_place_split(to, &target);
	int status;

	if (in && out)
		status = command_refuse("cp",
		    "both '%s' and '%s' are in containers: ecsfs cp FROM - | ecsfs cp - TO", from,
		    to);
	else if (out)
		status = copy_out(&source, to);
	else if (in)
		status = copy_in(from, &target);
	else
		status = command_refuse("cp",
		    "neither '%s' nor '%s' is CONTAINER_DIR:PATH (clusters/CLUSTER/tasks/TASK/"
		    "containers/NAME:PATH)",
		    from, to);
	free(source.dir);
	free(target.dir);
	return status;
}

int copy_main(int argc, char **argv)
{
	int i = 1;

	if (i < argc && !strcmp(argv[i], "--"))
		i++;
	else if (i < argc && argv[i][0] == '-' && argv[i][1])
		return command_unknown("cp", argv[i]);
	if (argc - i != 2 || !*argv[i] || !*argv[i + 1])
		return command_refuse("cp",
		    "expected CONTAINER_DIR:PATH and a local path, in the direction of the copy");
	return copy(argv[i], argv[i + 1]);
}
