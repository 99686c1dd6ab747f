/*
 * How do libyaml's events become nodes? The open nodes are a stack of limited depth; children are
 * gathered in one growing array and moved into the arena when their collection ends.
 */
#include "backend/parse/yaml_parse.h"

#include "backend/base/base64.h"
#include "backend/base/cleanup.h"
#include "backend/base/limits.h"
#include "backend/parse/yaml_scalar.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#define MAX_DEPTH 64
#define MAX_SIZE (4 * MIB) /* of a tree, aliases expanded */

struct anchor {
	const char *name;
	struct yaml_node *node;
	bool open; /* it is still open */
};

/* An open collection. */
struct level {
	struct yaml_node *node;
	size_t first; /* of its children among the gathered ones */
};

struct parse {
	struct yaml_arena *arena;
	const char *file, *text;
	size_t len;
	yaml_parser_t parser;
	struct level levels[MAX_DEPTH];
	int depth;
	struct yaml_node **children; /* of all open levels; a mapping's keys and values in turn */
	size_t count, room;
	struct anchor *anchors;
	size_t anchor_count, anchor_room;
	struct yaml_node *root;
	bool ended; /* the first document */
	struct ecsfs_error *err;
	int ret;
};

__attribute__((format(printf, 4, 5))) static bool fail(
    struct parse *p, size_t line, int err, const char *fmt, ...)
{
	char what[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	p->ret = ecsfs_error_set(p->err, err, NULL, "%s:%zu: %s", p->file, line, what);
	return false;
}

static bool no_memory(struct parse *p, size_t line)
{
	return fail(p, line, EFBIG, "the YAML files of this project need too much memory");
}

static struct yaml_node *node_new(struct parse *p, enum yaml_kind kind, const yaml_event_t *e)
{
	struct yaml_node *n = yaml_alloc(p->arena, sizeof(*n));

	if (!n)
		return NULL;
	*n = (struct yaml_node){.kind = kind,
	    .file = p->file,
	    .line = e->start_mark.line < INT_MAX ? (int)e->start_mark.line + 1 : INT_MAX,
	    .column = e->start_mark.column < INT_MAX ? (int)e->start_mark.column + 1 : INT_MAX,
	    .size = sizeof(*n),
	    .depth = 1};
	return n;
}

/* "tag:yaml.org,2002:int" is "!!int". "!" alone says that it is not a number. */
static const char *tag_of(struct parse *p, const yaml_char_t *tag)
{
	static const char prefix[] = "tag:yaml.org,2002:";
	const char *text = (const char *)tag;
	char *copy;

	if (!text)
		return NULL;
	if (strncmp(text, prefix, sizeof(prefix) - 1) != 0)
		return yaml_strndup(p->arena, text, strlen(text));
	text += sizeof(prefix) - 1;
	copy = yaml_alloc(p->arena, strlen(text) + 3);
	if (copy) {
		strcpy(copy, "!!");
		strcat(copy, text);
	}
	return copy;
}

static bool note(struct parse *p, int what, const struct yaml_node *at)
{
	struct yaml_note *n = yaml_alloc(p->arena, sizeof(*n));

	if (!n)
		return no_memory(p, (size_t)at->line);
	n->what = what;
	n->at = at;
	n->next = p->arena->notes;
	p->arena->notes = n;
	return true;
}

/* Tags. */

static bool has_tag(const struct yaml_node *n, const char *tag)
{
	return n->tag && strcmp(n->tag, tag) == 0;
}

static bool decode(struct parse *p, struct yaml_node *n)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_YAML), bytes = BUF_INIT(LIMIT_YAML);

	for (size_t i = 0; i < n->len; i++)
		if (!isspace((unsigned char)n->text[i]))
			buf_addc(&text, n->text[i]);
	if (base64_decode(buf_str(&text), text.len, &bytes))
		return fail(p, (size_t)n->line, EINVAL, "!!binary: the value is not base64");
	n->text = yaml_strndup(p->arena, buf_str(&bytes), bytes.len);
	n->len = bytes.len;
	return n->text || no_memory(p, (size_t)n->line);
}

/* A value that is not of the type that its tag names would be read as text in silence. */
static bool check_type(struct parse *p, const struct yaml_node *n)
{
	static const struct {
		const char *tag;
		enum yaml_type type;
		const char *what;
	} types[] = {{"!!null", YAML_NULL, "null"}, {"!!bool", YAML_BOOL, "a boolean"},
	    {"!!int", YAML_INT, "a whole number"}, {"!!float", YAML_FLOAT, "a number"}};
	const struct yaml_node untagged = {.plain = true, .text = n->text, .len = n->len};
	enum yaml_type type = yaml_type(&untagged);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (has_tag(n, types[i].tag) && type != types[i].type &&
		    !(types[i].type == YAML_FLOAT && type == YAML_INT))
			return fail(p, (size_t)n->line, EINVAL, "%s: \"%.100s\" is not %s", n->tag,
			    n->text, types[i].what);
	return true;
}

/* Whether the tag means something for a node of its kind. !reset and !override are compose's. */
static bool is_known(const struct yaml_node *n)
{
	static const char *const known[] = {"!", "!reset", "!override"};
	static const char *const scalars[] = {
	    "!!str", "!!null", "!!bool", "!!int", "!!float", "!!timestamp", "!!binary", "!!merge"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (has_tag(n, known[i]))
			return true;
	for (size_t i = 0; n->kind == YAML_SCALAR && i < ARRAY_SIZE(scalars); i++)
		if (has_tag(n, scalars[i]))
			return true;
	return n->kind != YAML_SCALAR && has_tag(n, n->kind == YAML_MAPPING ? "!!map" : "!!seq");
}

static bool take_tag(struct parse *p, struct yaml_node *n, const yaml_char_t *tag)
{
	n->tag = tag_of(p, tag);
	if (tag && !n->tag)
		return no_memory(p, (size_t)n->line);
	if (!n->tag)
		return true;
	if (!is_known(n))
		return note(p, YAML_UNKNOWN_TAG, n);
	if (n->kind == YAML_SCALAR && has_tag(n, "!!binary"))
		return decode(p, n);
	return n->kind != YAML_SCALAR || check_type(p, n);
}

static bool grow(void **at, size_t *room, size_t count, size_t size)
{
	size_t wanted = *room ? *room * 2 : 64;
	void *grown;

	if (count < *room)
		return true;
	grown = reallocarray(*at, wanted, size);
	if (!grown)
		return false;
	*at = grown;
	*room = wanted;
	return true;
}

/* An anchor represents the last node that had its name. */
static bool anchor(struct parse *p, const yaml_char_t *name, struct yaml_node *n, bool open)
{
	if (!name)
		return true;
	if (!grow((void **)&p->anchors, &p->anchor_room, p->anchor_count, sizeof(*p->anchors)))
		return no_memory(p, (size_t)n->line);
	p->anchors[p->anchor_count++] = (struct anchor){
	    .name = yaml_strndup(p->arena, (const char *)name, strlen((const char *)name)),
	    .node = n,
	    .open = open};
	return p->anchors[p->anchor_count - 1].name || no_memory(p, (size_t)n->line);
}

static struct anchor *find_anchor(struct parse *p, const char *name)
{
	for (size_t i = p->anchor_count; i > 0; i--)
		if (strcmp(p->anchors[i - 1].name, name) == 0)
			return &p->anchors[i - 1];
	return NULL;
}

/* The node is complete: a child of the innermost open collection, or the root. */
static bool place(struct parse *p, struct yaml_node *n)
{
	if (!p->depth) {
		p->root = n;
		return true;
	}
	if (!grow((void **)&p->children, &p->room, p->count, sizeof(*p->children)))
		return no_memory(p, (size_t)n->line);
	p->children[p->count++] = n;
	return true;
}

static bool on_scalar(struct parse *p, const yaml_event_t *e)
{
	struct yaml_node *n = node_new(p, YAML_SCALAR, e);

	if (!n)
		return no_memory(p, e->start_mark.line + 1);
	n->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	n->len = e->data.scalar.length;
	n->text = yaml_strndup(p->arena, (const char *)e->data.scalar.value, n->len);
	n->size += n->len;
	if (!n->text)
		return no_memory(p, (size_t)n->line);
	return take_tag(p, n, e->data.scalar.tag) && anchor(p, e->data.scalar.anchor, n, false) &&
	    place(p, n);
}

static bool on_alias(struct parse *p, const yaml_event_t *e)
{
	const char *name = (const char *)e->data.alias.anchor;
	const struct anchor *a = find_anchor(p, name);

	if (!a)
		return fail(p, e->start_mark.line + 1, EINVAL, "there is no anchor &%s", name);
	if (a->open)
		return fail(p, e->start_mark.line + 1, EINVAL,
		    "*%s is inside the node that &%s names", name, name);
	return place(p, a->node);
}

static bool on_start(struct parse *p, const yaml_event_t *e, enum yaml_kind kind,
    const yaml_char_t *name, const yaml_char_t *tag)
{
	struct yaml_node *n;

	if (p->depth == MAX_DEPTH)
		return fail(p, e->start_mark.line + 1, EINVAL,
		    "the document is nested deeper than %d levels", MAX_DEPTH);
	n = node_new(p, kind, e);
	if (!n)
		return no_memory(p, e->start_mark.line + 1);
	if (!take_tag(p, n, tag) || !anchor(p, name, n, true))
		return false;
	p->levels[p->depth++] = (struct level){n, p->count};
	return true;
}

static void add_size(struct yaml_node *n, const struct yaml_node *child)
{
	n->size += child->size;
	if (n->depth <= child->depth)
		n->depth = child->depth + 1;
}

static bool check_size(struct parse *p, const struct yaml_node *n)
{
	if (n->size > MAX_SIZE)
		return fail(p, (size_t)n->line, EFBIG,
		    "this is larger than %zu MiB when its aliases are written out", MAX_SIZE / MIB);
	if (n->depth > MAX_DEPTH)
		return fail(p, (size_t)n->line, EINVAL,
		    "this is nested deeper than %d levels when its aliases are written out",
		    MAX_DEPTH);
	return true;
}

static bool end_sequence(struct parse *p, const struct level *l)
{
	struct yaml_node *n = l->node;

	n->count = p->count - l->first;
	n->items = yaml_alloc(p->arena, (n->count + 1) * sizeof(struct yaml_node *));
	if (!n->items)
		return no_memory(p, (size_t)n->line);
	for (size_t i = 0; i < n->count; i++) {
		n->items[i] = p->children[l->first + i];
		add_size(n, n->items[i]);
		if (!check_size(p, n))
			return false;
	}
	return true;
}

/* The pairs of a mapping by their keys: a table of positions, open addressing. */
struct index {
	size_t *slots; /* position + 1; 0: free */
	size_t mask;
};

static bool index_make(struct index *x, size_t keys)
{
	size_t size = 16;

	while (size < keys * 2)
		size *= 2;
	x->slots = calloc(size, sizeof(*x->slots));
	x->mask = size - 1;
	return x->slots != NULL;
}

static uint64_t hash(const struct yaml_node *key)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < key->len; i++)
		h = (h ^ (unsigned char)key->text[i]) * UINT64_C(0x100000001b3);
	return h ^ (h >> 29);
}

static bool same_key(const struct yaml_node *a, const struct yaml_node *b)
{
	return b->kind == YAML_SCALAR && a->len == b->len && !memcmp(a->text, b->text, a->len);
}

/* Where the key is in the mapping, or the free slot for it. Collections as keys are never equal. */
static size_t *index_find(
    const struct index *x, const struct yaml_node *n, const struct yaml_node *key)
{
	size_t at = hash(key) & x->mask;

	while (x->slots[at] && !same_key(key, n->pairs[x->slots[at] - 1].key))
		at = (at + 1) & x->mask;
	return &x->slots[at];
}

struct pairs {
	struct parse *p;
	struct yaml_node *n;
	struct index index;
	size_t room;
};

/* `merged`: an existing key wins; else the last one does. */
static bool pair_put(struct pairs *ps, struct yaml_node *key, struct yaml_node *value, bool merged)
{
	struct yaml_node *n = ps->n;
	size_t *slot = key->kind == YAML_SCALAR ? index_find(&ps->index, n, key) : NULL;

	if (slot && *slot) {
		if (merged)
			return true;
		n->pairs[*slot - 1] = (struct yaml_pair){key, value};
		return note(ps->p, YAML_DOUBLED, key);
	}
	if (slot)
		*slot = n->count + 1;
	n->pairs[n->count++] = (struct yaml_pair){key, value};
	return true;
}

static bool is_merge(const struct yaml_node *key)
{
	return key->kind == YAML_SCALAR && key->plain && strcmp(key->text, "<<") == 0;
}

/* How many pairs a merge key's value may bring; -1: it is neither a mapping nor a list of them. */
static long merge_room(const struct yaml_node *value)
{
	long room = 0;

	if (value->kind == YAML_MAPPING)
		return (long)value->count;
	if (value->kind != YAML_SEQUENCE)
		return -1;
	for (size_t i = 0; i < value->count; i++) {
		if (value->items[i]->kind != YAML_MAPPING)
			return -1;
		room += (long)value->items[i]->count;
	}
	return room;
}

static bool merge_one(struct pairs *ps, const struct yaml_node *from)
{
	for (size_t i = 0; i < from->count; i++)
		if (!pair_put(ps, from->pairs[i].key, from->pairs[i].value, true))
			return false;
	return true;
}

static bool merge(struct pairs *ps, const struct yaml_node *value)
{
	if (value->kind == YAML_MAPPING)
		return merge_one(ps, value);
	for (size_t i = 0; i < value->count; i++)
		if (!merge_one(ps, value->items[i]))
			return false;
	return true;
}

/* Room for the pairs of the level and what its merge keys bring. */
static bool pairs_begin(struct pairs *ps, const struct level *l)
{
	struct parse *p = ps->p;

	for (size_t i = l->first; i + 1 < p->count; i += 2) {
		long more = is_merge(p->children[i]) ? merge_room(p->children[i + 1]) : 1;

		if (more < 0)
			return fail(p, (size_t)p->children[i]->line, EINVAL,
			    "what \"<<\" merges must be a mapping, or a list of mappings");
		ps->room += (size_t)more;
		if (ps->room * sizeof(*ps->n->pairs) > MAX_SIZE)
			return no_memory(p, (size_t)ps->n->line);
	}
	ps->n->pairs = yaml_alloc(p->arena, (ps->room + 1) * sizeof(*ps->n->pairs));
	return (ps->n->pairs && index_make(&ps->index, ps->room + 1)) ||
	    no_memory(p, (size_t)ps->n->line);
}

/* Own keys first: they win, before or after the merge key. */
static bool pairs_fill(struct pairs *ps, const struct level *l)
{
	struct parse *p = ps->p;

	for (int merges = 0; merges < 2; merges++)
		for (size_t i = l->first; i + 1 < p->count; i += 2) {
			struct yaml_node *key = p->children[i], *value = p->children[i + 1];

			if (is_merge(key) != (merges == 1))
				continue;
			if (merges ? !merge(ps, value) : !pair_put(ps, key, value, false))
				return false;
		}
	return true;
}

static bool end_mapping(struct parse *p, const struct level *l)
{
	struct pairs ps = {.p = p, .n = l->node};
	bool good = pairs_begin(&ps, l) && pairs_fill(&ps, l);

	free(ps.index.slots);
	for (size_t i = 0; good && i < ps.n->count; i++) {
		add_size(ps.n, ps.n->pairs[i].key);
		add_size(ps.n, ps.n->pairs[i].value);
		good = check_size(p, ps.n);
	}
	return good;
}

static bool on_end(struct parse *p)
{
	struct level l = p->levels[--p->depth];
	bool good = l.node->kind == YAML_SEQUENCE ? end_sequence(p, &l) : end_mapping(p, &l);

	if (!good)
		return false;
	p->count = l.first;
	for (size_t i = p->anchor_count; i > 0; i--)
		if (p->anchors[i - 1].node == l.node)
			p->anchors[i - 1].open = false;
	return place(p, l.node);
}

/* A second document would be lost in silence; an empty one, after a last "---", is allowed. */
static bool on_second(struct parse *p, const yaml_event_t *e)
{
	if (e->type == YAML_SCALAR_EVENT && !e->data.scalar.length && e->data.scalar.plain_implicit)
		return true;
	return fail(p, e->start_mark.line + 1, EINVAL,
	    "a second YAML document: one document is read from a file; put it into a file of its "
	    "own");
}

static bool is_content(const yaml_event_t *e)
{
	return e->type == YAML_SCALAR_EVENT || e->type == YAML_ALIAS_EVENT ||
	    e->type == YAML_SEQUENCE_START_EVENT || e->type == YAML_MAPPING_START_EVENT;
}

/* False: an error, or the end of the file. */
static bool on_event(struct parse *p, const yaml_event_t *e)
{
	if (p->ended && is_content(e))
		return on_second(p, e);
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return on_scalar(p, e);
	case YAML_ALIAS_EVENT:
		return on_alias(p, e);
	case YAML_SEQUENCE_START_EVENT:
		return on_start(
		    p, e, YAML_SEQUENCE, e->data.sequence_start.anchor, e->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return on_start(
		    p, e, YAML_MAPPING, e->data.mapping_start.anchor, e->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return on_end(p);
	case YAML_DOCUMENT_END_EVENT:
		p->ended = true;
		return true;
	case YAML_STREAM_END_EVENT:
	case YAML_NO_EVENT:
		return false;
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_START_EVENT:
		return true;
	}
	return true;
}

/* libyaml reports bytes that are not text by their offset alone. */
static size_t problem_line(const struct parse *p)
{
	size_t line = 1;

	if (p->parser.error != YAML_READER_ERROR)
		return p->parser.problem_mark.line + 1;
	for (size_t i = 0; i < p->parser.problem_offset && i < p->len; i++)
		line += p->text[i] == '\n';
	return line;
}

static void run(struct parse *p)
{
	bool more = true;

	while (more) {
		yaml_event_t e;

		if (!yaml_parser_parse(&p->parser, &e)) {
			fail(p, problem_line(p),
			    p->parser.error == YAML_MEMORY_ERROR ? ENOMEM : EINVAL, "%s%s%s",
			    p->parser.context ? p->parser.context : "",
			    p->parser.context ? ", " : "",
			    p->parser.problem ? p->parser.problem : "this is not YAML");
			return;
		}
		more = on_event(p, &e);
		yaml_event_delete(&e);
	}
}

int yaml_parse(struct yaml_arena *a, const char *file, const char *text, size_t len,
    struct yaml_node **ret, struct ecsfs_error *err)
{
	struct parse p = {.arena = a,
	    .file = yaml_strndup(a, file, strlen(file)),
	    .text = text,
	    .len = len,
	    .err = err};

	*ret = NULL;
	if (!p.file || !yaml_parser_initialize(&p.parser))
		return ecsfs_error_set(err, ENOMEM, NULL, "out of memory");
	if (len > LIMIT_YAML) {
		p.ret = ecsfs_error_set(err, EFBIG, NULL, "%s: %zu bytes exceed the limit of %zu",
		    file, len, LIMIT_YAML);
	} else {
		yaml_parser_set_input_string(&p.parser, (const unsigned char *)text, len);
		run(&p);
	}
	yaml_parser_delete(&p.parser);
	free(p.children);
	free(p.anchors);
	if (!p.ret)
		*ret = p.root;
	return p.ret;
}

const struct yaml_note *yaml_notes_peek(const struct yaml_arena *a)
{
	return a->notes;
}
