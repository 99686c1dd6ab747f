/*
 * Which words complete the line? For all shells, the row of the option that is being completed says
 * what it takes. Files that cannot be read offer nothing; no call to AWS is made.
 */
#include "fs/cli/complete.h"

#include "backend/base/cleanup.h"
#include "backend/base/file.h"
#include "backend/base/limits.h"
#include "backend/config/ecs_cli.h"
#include "backend/config/endpoint.h"
#include "backend/config/ini.h"
#include "backend/config/settings.h"
#include "fs/cli/command.h"
#include "fs/cli/options/option_table.h"
#include "fs/cli/options/preset.h"

#include <grp.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `before` is the part of the completed word before the candidate ("--region=a,"). */
static void offer(const char *before, const char *typed, const char *candidate, const char *help)
{
	if (strncmp(candidate, typed, strlen(typed)) != 0)
		return;
	printf("%s%s%s%s\n", before, candidate, help ? "\t" : "", help ? help : "");
}

static json_t *read_ini(const char *variable, const char *otherwise)
{
	auto_buf struct buf text = BUF_INIT(LIMIT_CONFIG_FILE);
	const char *named = getenv(variable);
	auto_free char *path = path_expand(named && *named ? named : otherwise, getenv("HOME"));
	json_t *sections = NULL;

	if (path && file_read(path, false, &text) == 0)
		ini_parse(path, buf_str(&text), text.len, &sections, NULL);
	return sections;
}

/* Sections of ~/.aws/config ("profile NAME") and of ~/.aws/credentials ("NAME"). */
static void offer_profiles(const char *before, const char *typed)
{
	json_auto_t *config = read_ini("AWS_CONFIG_FILE", "~/.aws/config");
	json_auto_t *credentials = read_ini("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials");
	json_auto_t *names = json_object();
	const char *section;
	json_t *value;

	json_object_foreach (config, section, value) {
		if (strncmp(section, "profile ", 8) == 0)
			json_object_set_new(names, section + 8, json_true());
		else if (strcmp(section, "default") == 0)
			json_object_set_new(names, section, json_true());
	}
	json_object_foreach (credentials, section, value)
		json_object_set_new(names, section, json_true());
	json_object_foreach (names, section, value)
		offer(before, typed, section, NULL);
}

static void offer_regions(const char *before, const char *typed)
{
	static const char *const partitions[] = {
	    "us-east-1", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"};

	for (size_t i = 0; i < ARRAY_SIZE(partitions); i++) {
		const char *const *regions = aws_regions_of_partition(partitions[i]);

		if (i && regions == aws_regions_of_partition(partitions[0]))
			continue;
		for (; *regions; regions++)
			offer(before, typed, *regions, NULL);
	}
	offer(before, typed, "all", "every region of the account");
}

/* `names`: an array, owned. */
static void offer_names(json_t *names, const char *before, const char *typed)
{
	const json_t *name;
	size_t i;

	json_array_foreach (names, i, name)
		offer(before, typed, json_string_value(name), NULL);
	json_decref(names);
}

static void offer_users(const char *before, const char *typed)
{
	const struct passwd *pw;

	setpwent();
	while ((pw = getpwent()))
		offer(before, typed, pw->pw_name, NULL);
	endpwent();
}

static void offer_groups(const char *before, const char *typed)
{
	const struct group *gr;

	setgrent();
	while ((gr = getgrent()))
		offer(before, typed, gr->gr_name, NULL);
	endgrent();
}

static void offer_choices(const char *words, const char *before, const char *typed)
{
	auto_free char *copy = strdup(words);
	char *rest, *word = copy ? strtok_r(copy, "|", &rest) : NULL;

	for (; word; word = strtok_r(NULL, "|", &rest))
		offer(before, typed, word, NULL);
}

static void offer_values(const struct option_row *row, const char *before, const char *typed)
{
	switch (row->values) {
	case VALUES_NONE:
		if (row->type == OPT_CHOICE)
			offer_choices(row->arg, before, typed);
		break;
	case VALUES_FILES:
		printf(":files %s\n", before);
		break;
	case VALUES_DIRECTORIES:
		printf(":directories %s\n", before);
		break;
	case VALUES_REGIONS:
		offer_regions(before, typed);
		break;
	case VALUES_PROFILES:
		offer_profiles(before, typed);
		break;
	case VALUES_CLUSTER_CONFIGS:
		offer_names(ecs_cli_clusters(getenv("HOME")), before, typed);
		break;
	case VALUES_ECS_PROFILES:
		offer_names(ecs_cli_profiles(getenv("HOME")), before, typed);
		break;
	case VALUES_USERS:
		offer_users(before, typed);
		break;
	case VALUES_GROUPS:
		offer_groups(before, typed);
		break;
	}
}

/* The text up to the last of `separators` of a list's value; the rest is being typed. */
static void offer_list(
    const struct option_row *row, const char *word, size_t value_at, const char *separators)
{
	size_t start = value_at;

	if (row->type == OPT_LIST)
		for (size_t i = value_at; word[i]; i++)
			if (strchr(separators, word[i]))
				start = i + 1;
	auto_free char *before = strndup(word, start);
	if (before)
		offer_values(row, before, word + start);
}

static void offer_long_options(const char *typed)
{
	for (size_t i = 0; option_at(i); i++) {
		const struct option_row *row = option_at(i);
		char name[64], word[80];

		option_dashed(row, name, sizeof(name));
		snprintf(word, sizeof(word), "--%s%s", name, row->arg ? "=" : "");
		offer("", typed, word, row->help);
	}
}

static void long_option(const char *word)
{
	size_t len = strcspn(word + 2, "=");
	const struct option_row *row = word[2 + len] ? option_find(word + 2, len) : NULL;

	if (!word[2 + len])
		offer_long_options(word);
	else if (row)
		offer_list(row, word, 2 + len + 1, ",");
}

/* Completes the word behind -o: options between commas, lists with colons. */
static void mount_options(const char *word)
{
	const char *comma = strrchr(word, ',');
	size_t start = comma ? (size_t)(comma + 1 - word) : 0, len = strcspn(word + start, "=");
	const struct option_row *row = word[start + len] ? option_find(word + start, len) : NULL;

	if (row)
		offer_list(row, word, start + len + 1, ":");
	if (word[start + len])
		return;
	auto_free char *before = strndup(word, start);
	for (size_t i = 0; before && option_at(i); i++) {
		char name[80];

		snprintf(
		    name, sizeof(name), "%s%s", option_at(i)->name, option_at(i)->arg ? "=" : "");
		offer(before, word + start, name, option_at(i)->help);
	}
}

static void command_options(const struct command *c, const char *typed)
{
	for (const char *const *option = c->options; option && *option; option++)
		offer("", typed, *option, NULL);
}

static void offer_commands(const char *typed)
{
	for (const struct command *c = commands; c->name; c++)
		if (c->help)
			offer("", typed, c->name, c->help);
}

struct offered {
	const char *typed;
};

static void offer_preset(void *arg, const char *name)
{
	const struct offered *at = arg;

	offer("@", at->typed, name, NULL);
}

/* The option of the word before, where its value is a word of its own. */
static const struct option_row *taker(const char *before)
{
	const struct option_row *row = NULL;

	if (strncmp(before, "--", 2) == 0 && !strchr(before, '='))
		row = option_find(before + 2, strlen(before + 2));
	return row && row->arg ? row : NULL;
}

/* A line that mounts: options with their values, presets, the mount point. */
static void mount_line(const char *before, const char *word)
{
	struct offered at = {.typed = word + 1};

	if (strcmp(before, "-o") == 0)
		mount_options(word);
	else if (taker(before))
		offer_list(taker(before), word, 0, ",");
	else if (strncmp(word, "--", 2) == 0)
		long_option(word);
	else if (*word == '@')
		preset_each(offer_preset, &at);
	else if (*word == '-')
		offer_long_options("--");
	else
		puts(":directories ");
}

int complete_run(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[argc - 1] : "", *before = argc > 2 ? argv[argc - 2] : "";
	const struct command *c = argc > 2 ? command_find(argv[1]) : NULL;

	if (c && !c->help)
		c = NULL;
	if (c && (!c->mounts || *word == '-'))
		command_options(c, word);
	if (c && c->paths && *word != '-')
		puts(":files ");
	if (argc <= 2 && *word != '-' && *word != '@')
		offer_commands(word);
	if (!c || c->mounts)
		mount_line(before, word);
	return 0;
}
