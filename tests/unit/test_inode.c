/* Which node does a name have, how long does it live, and what are its place and path? */
#include "fs/files/local.h"
#include "fs/files/scratch.h"
#include "fs/kernel/node/inode.h"
#include "fs/kernel/node/showing.h"
#include "fs/state.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A tree of two levels, and a clock moved by hand. */
static int64_t now_ms;

static int64_t now(const struct clock *c)
{
	(void)c;
	return now_ms;
}

static const struct clock clock_by_hand = {.mono_ms = now, .wall_ms = now};

static const struct row rows[] = {
    {.name = "desired_count", .help = "how many", .form = ROW_VALUE, .member = "desiredCount"},
    {0},
};
static const struct dir_type type_service = {.what = "a service", .rows = rows};
static const struct dir_type type_draft = {.what = "a draft", .rows = rows};
static const struct listing list_services = {.type = &type_service, .part = PLACE(service)};
static const struct dir_type type_services = {
    .what = "services",
    .listing = &list_services,
    .local_type = &type_draft,
    .local_kind = "draft",
};
static const struct child children[] = {{.name = "services", .type = &type_services}, {0}};
static const struct dir_type type_root = {.what = "the root", .children = children};

static struct fs fs = {.clock = &clock_by_hand};

static int setup(void **state)
{
	static struct account *none[] = {NULL};

	(void)state;
	now_ms = 1000000;
	fs.accounts = none;
	fs.many_accounts = true;
	assert_int_equal(fs_state_new(&fs, &type_root), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fs_state_free(&fs);
	return 0;
}

static struct node *make_dir(
    struct node *dir, const char *name, const struct dir_type *type, bool listed)
{
	struct node_spec spec = {.file_name = name, .type = type, .listed = listed};

	return node_for(dir, &spec);
}

static struct node *make_file(struct node *dir, const char *value)
{
	auto_text struct text *t = value ? text_new(value, strlen(value)) : NULL;
	struct node_spec spec = {
	    .file_name = "desired_count",
	    .row = rows,
	    .versioned = true,
	    .text = t,
	};

	return node_for(dir, &spec);
}

/* root/services/web */
static struct node *make_web(void)
{
	auto_node struct node *root = node_by_id(&fs, 1);
	auto_node struct node *services = make_dir(root, "services", &type_services, false);

	return make_dir(services, "web", &type_service, true);
}

static void test_a_directory_keeps_its_node(void **state)
{
	auto_node struct node *a = make_web();
	auto_node struct node *b = make_web();

	(void)state;
	assert_ptr_equal(a, b);
}

static void test_a_text_has_a_node_a_version(void **state)
{
	auto_node struct node *web = make_web();
	auto_node struct node *four = make_file(web, "4\n");
	auto_node struct node *same = make_file(web, "4\n");
	auto_node struct node *eleven = make_file(web, "11\n");

	(void)state;
	assert_ptr_equal(four, same);
	assert_ptr_not_equal(four, eleven);
	assert_true(four->id != eleven->id);
	assert_true(four->ino == eleven->ino);
	assert_true(eleven->mtime_ns > four->mtime_ns);
	/* The old version is still there for who holds it, under its number alone. */
	assert_string_equal(four->text->bytes, "4\n");
	auto_node struct node *by_id = node_by_id(&fs, four->id);
	auto_node struct node *by_name = node_child(web, "desired_count");
	assert_ptr_equal(by_id, four);
	assert_ptr_equal(by_name, eleven);
}

static void test_what_is_not_known_is_a_version_too(void **state)
{
	auto_node struct node *web = make_web();
	auto_node struct node *unknown = make_file(web, NULL);
	auto_node struct node *known = make_file(web, "");

	(void)state;
	assert_ptr_not_equal(unknown, known);
	assert_null(unknown->text);
}

static void test_a_node_lives_while_the_kernel_knows_it(void **state)
{
	struct node *web = make_web();
	uint64_t id = web->id;

	(void)state;
	node_looked_up(web);
	node_looked_up(web);
	node_unref(web);
	node_forget(&fs, id, 1);
	struct node *still = node_by_id(&fs, id);
	assert_non_null(still);
	node_unref(still);
	node_forget(&fs, id, 1);
	assert_null(node_by_id(&fs, id));
	/* Its parent went with it; the root stays. */
	assert_int_equal(nodes_count(&fs), 1);
	node_forget(&fs, 1, 100);
	assert_int_equal(nodes_count(&fs), 1);
}

static void test_many_nodes(void **state)
{
	auto_node struct node *root = node_by_id(&fs, 1);
	auto_node struct node *services = make_dir(root, "services", &type_services, false);
	enum { MANY = 5000 };
	static struct node *all[MANY];
	char name[32];

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "s%d", i);
		all[i] = make_dir(services, name, &type_service, true);
		node_note_key(
		    all[i], NULL, &(struct key){.kind = KIND_SERVICE, .a = "c", .b = name});
		node_looked_up(all[i]);
	}
	for (int i = 0; i < MANY; i++) {
		size_t count;

		snprintf(name, sizeof(name), "s%d", i);
		struct stale_entry *e = nodes_showing(
		    &fs, NULL, &(struct key){.kind = KIND_SERVICE, .a = "c", .b = name}, &count);
		assert_int_equal(count, 1);
		assert_true(e[0].id == all[i]->id);
		free(e);
	}
	for (int i = 0; i < MANY; i++) {
		node_forget(&fs, all[i]->id, 1);
		node_unref(all[i]);
	}
	assert_int_equal(nodes_count(&fs), 2);
}

static void test_places_and_paths(void **state)
{
	auto_node struct node *web = make_web();
	auto_node struct node *file = make_file(web, "4\n");
	auto_buf struct buf path = BUF_INIT(1024);
	struct place p;

	(void)state;
	place_of(file, &p);
	assert_string_equal(p.service, "web");
	assert_string_equal(p.name, "desired_count");
	node_path(file, NULL, &path);
	assert_string_equal(buf_str(&path), "services/web/desired_count");
	place_below(web->parent, "api", true, &p);
	assert_string_equal(p.service, "api");
}

static void test_stale_leaves(void **state)
{
	auto_node struct node *web = make_web();
	auto_node struct node *file = make_file(web, "4\n");
	const struct key key = {.kind = KIND_SERVICE, .a = "prod", .b = "web"};
	const struct key other = {.kind = KIND_SERVICE, .a = "prod", .b = "api"};
	size_t count;

	(void)state;
	node_note_key(web, NULL, &key);
	assert_null(nodes_showing(&fs, NULL, &key, &count));
	node_looked_up(web);
	node_looked_up(file);
	struct stale_entry *e = nodes_showing(&fs, NULL, &key, &count);
	assert_int_equal(count, 2);
	assert_null(e[0].name);
	assert_string_equal(e[1].name, "desired_count");
	assert_true(e[1].dir == web->id);
	free(e[1].name);
	free(e);
	assert_null(nodes_showing(&fs, NULL, &other, &count));
}

static void test_a_draft_is_what_the_store_says(void **state)
{
	auto_node struct node *web = make_web();
	struct place p;

	(void)state;
	assert_ptr_equal(node_type(web), &type_service);
	place_of(web->parent, &p);
	assert_int_equal(local_add(&p, "draft", "web"), 0);
	assert_int_equal(local_add(&p, "draft", "web"), -EEXIST);
	assert_ptr_equal(node_type(web), &type_draft);
	assert_true(local_remove(&p, "draft", "web"));
	assert_ptr_equal(node_type(web), &type_service);
}

static void test_a_directory_changes_once_an_expiry(void **state)
{
	auto_node struct node *web = make_web();

	(void)state;
	uint32_t g = node_generation(web, 7, false, true, NULL);
	assert_int_equal(node_generation(web, 7, false, false, NULL), g);
	assert_int_equal(node_generation(web, 8, false, false, NULL), g + 1);
	assert_int_equal(node_generation(web, 8, true, false, NULL), g + 2);
	assert_int_equal(node_generation(web, 8, true, false, NULL), g + 2);
	/* The list that expired has not changed. */
	uint32_t changes, before;
	node_generation(web, 8, true, false, &before);
	node_generation(web, 8, false, true, NULL);
	node_generation(web, 8, true, false, &changes);
	assert_int_equal(changes, before);
	g++;
	node_generation(web, 9, false, true, NULL);
	assert_int_equal(node_generation(web, 9, true, false, NULL), g + 3);
}

static void test_scratch_files(void **state)
{
	auto_node struct node *web = make_web();
	struct node *n;
	char bytes[8];
	json_auto_t *names = json_array();

	(void)state;
	assert_int_equal(scratch_create(web, ".swp", 0600, &n), 0);
	assert_int_equal(scratch_write(n->scratch, "abc", 3, 0, false, NULL), 0);
	assert_int_equal(scratch_write(n->scratch, "de", 2, 0, true, NULL), 0);
	assert_int_equal(scratch_write(n->scratch, "x", 1, 6, false, NULL), 0);
	assert_int_equal(scratch_read(n->scratch, bytes, sizeof(bytes), 0), 7);
	assert_memory_equal(bytes, "abcde\0x", 7);
	assert_int_equal(scratch_rename(n, web, "new", NULL), 0);
	node_scratch_names(web, names);
	assert_int_equal(json_array_size(names), 1);
	assert_string_equal(json_string_value(json_array_get(names, 0)), "new");
	assert_null(node_child(web, ".swp"));
	node_unref(n);
	/* Ten minutes after its last close it is gone, not while it is open. */
	n = node_child(web, "new");
	scratch_opened(n->scratch);
	now_ms += 11 * 60 * 1000;
	scratch_sweep(&fs);
	assert_true(n->current);
	scratch_closed(n->scratch);
	now_ms += 9 * 60 * 1000;
	scratch_sweep(&fs);
	assert_true(n->current);
	now_ms += 2 * 60 * 1000;
	scratch_sweep(&fs);
	assert_false(n->current);
	node_unref(n);
}

static void test_scratch_ceiling(void **state)
{
	auto_node struct node *web = make_web();
	auto_node struct node *n = NULL;

	(void)state;
	assert_int_equal(scratch_create(web, "big", 0600, &n), 0);
	assert_int_equal(scratch_truncate(n->scratch, (off_t)1 << 40, NULL), -EFBIG);
	assert_int_equal(scratch_write(n->scratch, "x", 1, (off_t)1 << 40, false, NULL), -EFBIG);
	assert_int_equal(scratch_write(n->scratch, "x", 1, 10, false, NULL), 0);
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_a_directory_keeps_its_node),
	    T(test_a_text_has_a_node_a_version),
	    T(test_what_is_not_known_is_a_version_too),
	    T(test_a_node_lives_while_the_kernel_knows_it),
	    T(test_many_nodes),
	    T(test_places_and_paths),
	    T(test_stale_leaves),
	    T(test_a_draft_is_what_the_store_says),
	    T(test_a_directory_changes_once_an_expiry),
	    T(test_scratch_files),
	    T(test_scratch_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
