/* xml.c - one message's bytes to a small tree, by expat (the only file with its header) */
#include "adapters/xmpp/xml.h"

#include <expat.h>
#include <string.h>

#include "base/strbuf.h"

/* Cannot stand in a namespace name: no XML 1.0 text has it. */
#define SEPARATOR '\x1f'

struct reader {
	XML_Parser parser;
	struct arena *arena;
	struct xml *root;
	struct xml *open;
	struct strbuf texts[XML_DEPTH_MAX]; /* one for each open element */
	unsigned depth;
	unsigned n_nodes;
	const char *refused;
	enum err_kind kind;
};

static void refuse(struct reader *reader, enum err_kind kind, const char *why)
{
	if (reader->refused == NULL) {
		reader->refused = why;
		reader->kind = kind;
		(void)XML_StopParser(reader->parser, XML_FALSE);
	}
}

static const char *copy(struct reader *reader, const char *s)
{
	return *s == '\0' ? "" : arena_strdup(reader->arena, s);
}

static void read_attrs(struct reader *reader, struct xml *node, const XML_Char **attrs)
{
	const struct xml_attr **tail = &node->attrs;

	for (; attrs[0] != NULL; attrs += 2) {
		struct xml_attr *attr;

		reader->n_nodes++;
		if (reader->n_nodes > XML_NODES_MAX) {
			refuse(reader, ERR_LIMIT, "too many attributes");
			return;
		}
		if (strchr(attrs[0], SEPARATOR) != NULL) {
			continue;
		}
		attr = arena_alloc(reader->arena, sizeof(*attr));
		attr->name = copy(reader, attrs[0]);
		attr->value = copy(reader, attrs[1]);
		*tail = attr;
		tail = &attr->next;
	}
}

static void on_start(void *data, const XML_Char *name, const XML_Char **attrs)
{
	struct reader *reader = data;
	const char *separator = strchr(name, SEPARATOR);
	struct xml *node;

	if (reader->refused != NULL) {
		return;
	}
	reader->n_nodes++;
	if (reader->depth == XML_DEPTH_MAX || reader->n_nodes > XML_NODES_MAX) {
		refuse(reader, ERR_LIMIT, "too many elements, or too deep");
		return;
	}
	node = arena_alloc(reader->arena, sizeof(*node));
	node->ns = separator == NULL
			   ? ""
			   : arena_strndup(reader->arena, name, (size_t)(separator - name));
	node->name = copy(reader, separator == NULL ? name : separator + 1);
	node->text = "";
	node->parent = reader->open;
	read_attrs(reader, node, attrs);
	if (reader->open == NULL) {
		reader->root = node;
	} else if (reader->open->last == NULL) {
		reader->open->first = node;
		reader->open->last = node;
	} else {
		reader->open->last->next = node;
		reader->open->last = node;
	}
	reader->open = node;
	strbuf_init(&reader->texts[reader->depth++], XML_BYTES_MAX);
}

static void on_end(void *data, const XML_Char *name)
{
	struct reader *reader = data;
	struct strbuf *text;

	(void)name;
	if (reader->refused != NULL || reader->depth == 0) {
		return;
	}
	text = &reader->texts[--reader->depth];
	reader->open->text = copy(reader, text->buf);
	strbuf_done(text);
	reader->open = reader->open->parent;
}

static void on_text(void *data, const XML_Char *s, int len)
{
	struct reader *reader = data;

	if (reader->refused == NULL && reader->depth > 0) {
		/* cannot be full: the whole message is no larger */
		(void)strbuf_add(&reader->texts[reader->depth - 1], s, (size_t)len);
	}
}

static void on_doctype(void *data, const XML_Char *name, const XML_Char *sysid,
		       const XML_Char *pubid, int has_internal_subset)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)has_internal_subset;
	refuse(data, ERR_REMOTE, "it has a DOCTYPE");
}

static void on_instruction(void *data, const XML_Char *target, const XML_Char *text)
{
	(void)target;
	(void)text;
	refuse(data, ERR_REMOTE, "it has a processing instruction");
}

static void on_comment(void *data, const XML_Char *text)
{
	(void)text;
	refuse(data, ERR_REMOTE, "it has a comment");
}

static void on_declaration(void *data, const XML_Char *version, const XML_Char *encoding,
			   int standalone)
{
	(void)version;
	(void)encoding;
	(void)standalone;
	refuse(data, ERR_REMOTE, "it has an XML declaration");
}

const struct xml *xml_parse(const char *bytes, size_t len, struct arena *arena, struct err *err)
{
	struct reader reader = {.arena = arena};
	const struct xml *root = NULL;

	if (len > XML_BYTES_MAX) {
		(void)err_set(err, ERR_LIMIT, "the server's XML is refused: over %d bytes",
			      XML_BYTES_MAX);
		return NULL;
	}
	reader.parser = XML_ParserCreateNS("UTF-8", SEPARATOR);
	if (reader.parser == NULL) {
		(void)err_set(err, ERR_LIMIT, "no memory for the XML parser");
		return NULL;
	}
	XML_SetUserData(reader.parser, &reader);
	XML_SetElementHandler(reader.parser, on_start, on_end);
	XML_SetCharacterDataHandler(reader.parser, on_text);
	XML_SetStartDoctypeDeclHandler(reader.parser, on_doctype);
	XML_SetProcessingInstructionHandler(reader.parser, on_instruction);
	XML_SetCommentHandler(reader.parser, on_comment);
	XML_SetXmlDeclHandler(reader.parser, on_declaration);
	if (XML_Parse(reader.parser, bytes, (int)len, XML_TRUE) == XML_STATUS_OK) {
		root = reader.root;
	} else if (reader.refused != NULL) {
		(void)err_set(err, reader.kind, "the server's XML is refused: %s", reader.refused);
	} else {
		(void)err_set(err, ERR_REMOTE, "the server's XML is broken: %s",
			      XML_ErrorString(XML_GetErrorCode(reader.parser)));
	}
	while (reader.depth > 0) {
		strbuf_done(&reader.texts[--reader.depth]);
	}
	XML_ParserFree(reader.parser);
	return root;
}

const char *xml_attr(const struct xml *xml, const char *name)
{
	if (xml != NULL) {
		for (const struct xml_attr *attr = xml->attrs; attr != NULL; attr = attr->next) {
			if (strcmp(attr->name, name) == 0) {
				return attr->value;
			}
		}
	}
	return NULL;
}

const char *xml_attr_or_empty(const struct xml *xml, const char *name)
{
	const char *value = xml_attr(xml, name);

	return value != NULL ? value : "";
}

int xml_is(const struct xml *xml, const char *name, const char *ns)
{
	return xml != NULL && strcmp(xml->name, name) == 0 && strcmp(xml->ns, ns) == 0;
}

const struct xml *xml_child(const struct xml *xml, const char *name, const char *ns)
{
	if (xml != NULL) {
		for (const struct xml *child = xml->first; child != NULL; child = child->next) {
			if (xml_is(child, name, ns)) {
				return child;
			}
		}
	}
	return NULL;
}

const struct xml *xml_again(const struct xml *xml)
{
	for (const struct xml *next = xml->next; next != NULL; next = next->next) {
		if (xml_is(next, xml->name, xml->ns)) {
			return next;
		}
	}
	return NULL;
}
