/* codes.c - the one table of what the checker can find: a code that is not here cannot be printed */
#include <string.h>

#include "base/attr.h"
#include "policy/report.h"

static const struct policy_code codes[] = {
	{"E001", "the text is no YAML"},
	{"E002", "one key twice"},
	{"E003", "a key, field or network that does not exist"},
	{"E004", "another kind of value is wanted"},
	{"E005", "a key is missing"},
	{"E006", "an anchor, an alias or a merge key"},
	{"E007", "a YAML tag"},
	{"E008", "a second document in the file"},
	{"E009", "a version of the file that this Sluice does not read"},
	{"E010", "too big, too deep, too many"},
	{"E011", "bytes that are no text, or text that misleads a reader"},
	{"E020", "this looks like a secret"},
	{"E021", "the file has an unsafe owner or mode, or cannot be read"},
	{"E022", "a secret that the file names has an unsafe owner or mode"},
	{"E030", "a name used twice"},
	{"E031", "no such person or group"},
	{"E032", "no such role"},
	{"E033", "no such action"},
	{"E034", "a pattern that fits no action"},
	{"E035", "no such workspace"},
	{"E036", "no such hours"},
	{"E037", "no such channel"},
	{"E038", "something contains itself"},
	{"E039", "a word of the policy used as a name"},
	{"E040", "not an id of that network"},
	{"E041", "one id, two people"},
	{"E042", "a number without quotes"},
	{"E043", "one place, two channels"},
	{"E050", "droplets are not named"},
	{"E051", "an empty list"},
	{"E052", "everyone where strangers may not stand"},
	{"E053", "anyone in a channel, for more than looking"},
	{"E054", "a pattern that is written wrongly"},
	{"E055", "a time, a zone or a window that is none"},
	{"E056", "more approvals than there are people to give them"},
	{"E057", "a code is wanted and nobody has one"},
	{"E058", "a figure or a duration out of range"},
	{"E059", "a key reserved for a later version"},
	{"E090", "a test of the file failed"},
	{"E091", "a test speaks of something that does not exist"},
	{"W101", "a line that can never take effect"},
	{"W102", "a line that other lines cover"},
	{"W103", "something that nothing uses"},
	{"W104", "a never line that forbids nothing"},
	{"W105", "a line that fits no droplet"},
	{"W106", "a tag that is nearly another"},
	{"W107", "who changes tags, names or projects gains rights by it"},
	{"W108", "creating with tags of one's choice"},
	{"W109", "snapshot and create together copy data out"},
	{"W110", "a password reset makes root"},
	{"W111", "a destructive action by a name pattern"},
	{"W112", "a destructive action without a second step"},
	{"W113", "strangers look at every field"},
	{"W114", "an approver may ask, and nobody else can approve it"},
	{"W115", "a chat network says who approves"},
	{"W116", "nobody may reload the policy"},
	{"W117", "a token may more than the policy needs"},
	{"W118", "a group without people"},
	{"W119", "nobody is on call for a time"},
	{"W120", "no tests"},
	{"W121", "a never line that no test would miss"},
};

const struct policy_code *policy_code(size_t i)
{
	return i < ARRAY_LEN(codes) ? &codes[i] : NULL;
}

bool report_knows(const char *code)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (strcmp(codes[i].code, code) == 0) {
			return true;
		}
	}
	return false;
}
