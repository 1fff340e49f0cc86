/* list.h - intrusive doubly linked list
 *
 * A head is a struct list made empty by list_init; so is an element that is in no list, and
 * list_remove may be called on it.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct list {
	struct list *prev, *next;
};

static inline void list_init(struct list *l)
{
	l->prev = l;
	l->next = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_append(struct list *head, struct list *elem)
{
	elem->prev = head->prev;
	elem->next = head;
	head->prev->next = elem;
	head->prev = elem;
}

static inline void list_remove(struct list *elem)
{
	elem->prev->next = elem->next;
	elem->next->prev = elem->prev;
	list_init(elem);
}

/* All of them, behind what is there; each keeps its place among the others. */
static inline void list_move_all(struct list *from, struct list *to)
{
	if (!list_empty(from)) {
		from->next->prev = to->prev;
		to->prev->next = from->next;
		from->prev->next = to;
		to->prev = from->prev;
		list_init(from);
	}
}

#define LIST_ENTRY(ptr, type, member) CONTAINER_OF(ptr, type, member)

/* The current element must not be removed in the body. */
#define LIST_FOREACH(it, head) for (struct list *it = (head)->next; it != (head); it = it->next)

/* The current element may be removed (and freed), no other. */
#define LIST_FOREACH_SAFE(it, tmp, head)                                    \
	for (struct list *it = (head)->next, *tmp = it->next; it != (head); \
	     it = tmp, tmp = it->next)

#endif
