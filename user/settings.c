// SPDX-License-Identifier: GPL-2.0-only
/* libyaml's document, walked two levels deep. It must never follow what the file does not spell out. */
#include "settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "file.h"
#include "text.h"

#define FILE_MOST ((size_t)1 << 20)

struct reading {
	struct settings *settings;
	yaml_document_t document;
	const char *path;
	char *error;
	size_t error_size;
};

static int refuse(struct reading *reading, size_t line, const char *what)
{
	snprintf(reading->error, reading->error_size, "%s:%zu: %s", reading->path, line + 1, what);
	return -EINVAL;
}

static int fail(struct reading *reading, int err)
{
	snprintf(reading->error, reading->error_size, "cannot read %s: %s", reading->path,
		 err == -EFBIG     ? "more than 1 MiB"
		 : err == -ENOTSUP ? "it is no regular file"
				   : strerror(-err));
	return err;
}

static const char *text_of(const yaml_node_t *node)
{
	const char *text;

	if (!node || node->type != YAML_SCALAR_NODE)
		return NULL;
	text = (const char *)node->data.scalar.value;
	if (strlen(text) != node->data.scalar.length)
		return NULL; /* it has a NUL inside */
	if (node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && (strcmp(text, "~") == 0 || strcmp(text, "null") == 0))
		return "";
	return text;
}

static char *join(struct reading *reading, const yaml_node_t *list)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	bool good = out != NULL;

	if (!out)
		return NULL;
	for (const yaml_node_item_t *item = list->data.sequence.items.start; item < list->data.sequence.items.top;
	     item++) {
		const char *word = text_of(yaml_document_get_node(&reading->document, *item));

		good = good && word;
		fprintf(out, "%s%s", item == list->data.sequence.items.start ? "" : ",", word ? word : "");
	}
	if (!fclose(out) && good)
		return text;
	free(text);
	return NULL;
}

static bool is_empty_group(const yaml_node_t *node)
{
	return node->type == YAML_MAPPING_NODE && node->data.mapping.pairs.start == node->data.mapping.pairs.top;
}

static int add(struct reading *reading, const char *group, const yaml_node_t *key, const yaml_node_t *value)
{
	struct settings *settings = reading->settings;
	const char *name = text_of(key), *text = text_of(value);
	struct setting *rows, *row;
	char *own;

	if (!name || !name[0])
		return refuse(reading, key->start_mark.line, "a name must be a word");
	for (size_t i = 0; i < settings->count; i++)
		if (text__same(settings->rows[i].group, group) && strcmp(settings->rows[i].name, name) == 0)
			return refuse(reading, key->start_mark.line, "this name stands there twice");
	if (!group && is_empty_group(value))
		text = "";
	own = value->type == YAML_SEQUENCE_NODE ? join(reading, value) : text ? strdup(text) : NULL;
	if (!own)
		return refuse(reading, value->start_mark.line, "a value must be text, or a list of it");
	rows = realloc(settings->rows, (settings->count + 1) * sizeof(*rows));
	if (!rows) {
		free(own);
		return fail(reading, -ENOMEM);
	}
	settings->rows = rows;
	row = &rows[settings->count++];
	*row = (struct setting){ group ? strdup(group) : NULL, strdup(name), own, (unsigned)key->start_mark.line + 1 };
	return row->name && (row->group || !group) ? 0 : fail(reading, -ENOMEM);
}

static int add_all(struct reading *reading, const char *group, const yaml_node_t *map)
{
	int err = 0;

	for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top && !err;
	     pair++) {
		const yaml_node_t *key = yaml_document_get_node(&reading->document, pair->key);
		const yaml_node_t *value = yaml_document_get_node(&reading->document, pair->value);

		if (group || value->type != YAML_MAPPING_NODE || is_empty_group(value))
			err = add(reading, group, key, value);
		else if (!text_of(key))
			err = refuse(reading, key->start_mark.line, "a name must be a word");
		else
			err = add_all(reading, text_of(key), value);
	}
	return err;
}

static int take_document(struct reading *reading, yaml_parser_t *parser)
{
	const yaml_node_t *root;
	char what[256];
	int err = 0;

	if (!yaml_parser_load(parser, &reading->document)) {
		snprintf(what, sizeof(what), "this is not YAML: %s", parser->problem ? parser->problem : "no memory");
		return refuse(reading, parser->problem_mark.line, what);
	}
	root = yaml_document_get_root_node(&reading->document);
	if (root && root->type == YAML_MAPPING_NODE)
		err = add_all(reading, NULL, root);
	else if (root && !text__same(text_of(root), ""))
		err = refuse(reading, root->start_mark.line, "this is no list of names and values: use NAME: VALUE");
	yaml_document_delete(&reading->document);
	return err;
}

int settings__read(struct settings *settings, const char *path, bool regular, char *error, size_t error_size)
{
	struct reading reading = { .settings = settings, .path = path, .error = error, .error_size = error_size };
	yaml_parser_t parser;
	size_t length = 0;
	char *text;
	int err = (regular ? file__slurp_regular : file__slurp)(AT_FDCWD, path, FILE_MOST, &text, &length);

	memset(settings, 0, sizeof(*settings));
	if (err)
		return fail(&reading, err);
	if (!yaml_parser_initialize(&parser)) {
		free(text);
		return fail(&reading, -ENOMEM);
	}
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
	err = take_document(&reading, &parser);
	yaml_parser_delete(&parser);
	explicit_bzero(text, length);
	free(text);
	if (err)
		settings__free(settings);
	return err;
}

void settings__free(struct settings *settings)
{
	for (size_t i = 0; i < settings->count; i++) {
		struct setting *row = &settings->rows[i];

		if (row->value)
			explicit_bzero(row->value, strlen(row->value));
		free(row->group);
		free(row->name);
		free(row->value);
	}
	free(settings->rows);
	memset(settings, 0, sizeof(*settings));
}
