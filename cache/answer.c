/* How does a reader give an answer back? The value is released; ages need nothing. */
#include "cache/answer.h"

#include "cache/packed.h"

void answer_release(struct answer *a)
{
	json_decref(a->value);
	a->value = NULL;
	packed_unref(a->packed);
	a->packed = NULL;
}
