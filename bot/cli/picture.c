/* picture.c - which program draws the charts: the one of the setting, else the one that was installed with us */
#include "cli/picture.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/strbuf.h"

#define PROGRAM "sluice-chart"

struct painter *picture_open(struct loop *loop, const struct config *config)
{
	const char *set = config_text(config, CONFIG_CHART_PROGRAM);
	char self[PATH_MAX];
	struct painter *painter = NULL;
	struct strbuf path;
	ssize_t len;

	strbuf_init(&path, PATH_MAX);
	len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	self[len > 0 ? len : 0] = '\0';
	if (*set != '\0') { /* a name without a slash is one in this folder, never one of $PATH */
		(void)strbuf_addf(&path, "%s%s", strchr(set, '/') == NULL ? "./" : "", set);
	} else if (strrchr(self, '/') != NULL) {
		(void)strbuf_addf(&path, "%.*s/%s", (int)(strrchr(self, '/') - self), self,
				  PROGRAM);
	}
	if (path.len > 0 && !path.full) {
		painter = painter_new(loop, path.buf);
	}
	strbuf_done(&path);
	return painter;
}
