/* schema.h - the JSON Schema of the policy file, from the tables that the checker itself reads by */
#ifndef POLICY_SCHEMA_H
#define POLICY_SCHEMA_H

#include "base/strbuf.h"

void policy_schema(struct strbuf *out);

#endif
