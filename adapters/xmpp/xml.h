/* xml.h - one message's bytes to a small, bounded tree of elements
 *
 * XMPP allows less than XML: no DOCTYPE, no entities but the five, no processing instructions, no comments. What has
 * them, or passes a limit, is refused whole.
 */
#ifndef ADAPTERS_XMPP_XML_H
#define ADAPTERS_XMPP_XML_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

#define XML_BYTES_MAX (256 * 1024)
#define XML_DEPTH_MAX 32
#define XML_NODES_MAX 4096 /* elements and attributes together */

struct xml_attr {
	const char *name; /* attributes with a namespace are left out, xml:lang with them */
	const char *value;
	const struct xml_attr *next;
};

struct xml {
	const char *ns; /* "" when there is none */
	const char *name;
	const char *text; /* the character data right inside, joined; "" when there is none */
	const struct xml_attr *attrs;
	struct xml *first, *last; /* children */
	struct xml *next;         /* sibling */
	struct xml *parent;
};

/* The element, in the arena. NULL (ERR_REMOTE, ERR_LIMIT): the sentence says what is wrong with the XML. */
const struct xml *xml_parse(const char *bytes, size_t len, struct arena *arena, struct err *err);

/* NULL when absent; xml may be NULL. */
const char *xml_attr(const struct xml *xml, const char *name);
const struct xml *xml_child(const struct xml *xml, const char *name, const char *ns);
/* The next sibling of the same name and namespace. */
const struct xml *xml_again(const struct xml *xml);
/* Is it this element? xml may be NULL. */
int xml_is(const struct xml *xml, const char *name, const char *ns);
/* The value, or "" when the attribute is absent. */
const char *xml_attr_or_empty(const struct xml *xml, const char *name);

#endif
