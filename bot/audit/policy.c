/* policy.c - the texts of policies that rows mean: in the database, and beside the closed files when it has let go of them */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/folder.h"

static int read_file(const char *path, struct strbuf *out, struct err *err)
{
	FILE *in = fopen(path, "re");
	char piece[4096];
	size_t n;
	int rc = 0;

	if (in == NULL) {
		return errno == ENOENT ? 1
				       : err_set(err, ERR_STORE, "cannot read \"%.120s\": %s", path,
						 strerror(errno));
	}
	while ((n = fread(piece, 1, sizeof(piece), in)) > 0) {
		(void)strbuf_add(out, piece, n);
	}
	if (ferror(in) || out->full) {
		rc = err_set(err, out->full ? ERR_LIMIT : ERR_STORE, "cannot read \"%.120s\"",
			     path);
	}
	(void)fclose(in);
	return rc;
}

int audit_policy(struct store *store, const char *id, struct strbuf *out, struct err *err)
{
	struct audit_folder folder;
	struct err why = {0};
	char name[64];
	char *path;
	int rc;

	if (store_get_policy(store, id, out, &why) == 0) {
		return 0;
	}
	if (why.kind != ERR_NOTFOUND || strlen(id) > 32 ||
	    strspn(id, "0123456789abcdef") != strlen(id) ||
	    audit_folder_read(store, &folder, &why) < 0 || folder.path == NULL) {
		err_copy(err, &why);
		return -1;
	}
	(void)snprintf(name, sizeof(name), "policy-%s.yaml", id);
	path = audit_folder_name(&folder, name);
	rc = read_file(path, out, err);
	if (rc > 0) {
		err_copy(err, &why);
	}
	free(path);
	audit_folder_done(&folder);
	return rc == 0 ? 0 : -1;
}
