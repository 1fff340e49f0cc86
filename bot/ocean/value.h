/* value.h - single values of DigitalOcean's JSON, as pieces of bytes that are not NUL-terminated */
#ifndef OCEAN_VALUE_H
#define OCEAN_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/droplet.h"

/* Empty, long or with control characters (a NUL too) is no value that can be trusted to be whole. */
bool value_usable(const char *text, size_t len);

bool value_is(const char *text, size_t len, const char *word);

/* 1 to 255 of a-z, A-Z, 0-9, '.', '_', '-': sizes, images, regions. */
bool value_is_slug(const char *text);

/* What DigitalOcean takes as a droplet's name: letters, digits, dots, dashes; the last is a letter or digit; 255. */
bool value_is_host_name(const char *text);

/* DROPLET_UNKNOWN for a word that is none of them. */
enum droplet_status value_status(const char *text, size_t len);

/* Digits only, at most `most`; anything else is not known: -1. */
int64_t value_whole(const char *text, size_t len, int64_t most);

/* The same for what fits an unsigned; 0 where not known. */
unsigned value_small(const char *text, size_t len);

/* "5", "5.5", "0.00743": to cents, rounded; 0 (not known) for an exponent or a sign. */
unsigned value_cents(const char *text, size_t len);

/* "23.44", "-1.00", "5": to cents. -1: it is no such number, or beyond a billion dollars. */
int value_money(const char *text, size_t len, int64_t *ret_cents);

/* 36 characters of a UUID. */
bool value_is_uuid(const char *text);

/* What a tag may consist of: letters, digits, ':', '-', '_'; 255. */
bool value_is_tag(const char *text);

/* Four numbers with dots. */
bool value_is_ip4(const char *text);

#endif
