/* explain.h - why: the lines that decided, and what would have been enough, in words that a team lead reads
 *
 * Asks the same matcher as policy_decide (match_against, match_for), so that the two cannot disagree; a test holds them
 * together.
 */
#ifndef POLICY_EXPLAIN_H
#define POLICY_EXPLAIN_H

#include "base/strbuf.h"
#include "policy/decide.h"

struct explain_as {
	bool you; /* speaks to the asker: "you may"; else of them: "ana may" */
	bool lines; /* names of lines, their numbers and their text; without, only what the asker may know */
};

/* Appends lines of text, each ended; gives the verdict. The asker's policy is not NULL. */
enum verdict policy_explain(const struct policy_question *question, const struct explain_as *as,
			    struct strbuf *out);

/* "10 min": the biggest unit that leaves nothing over. */
void policy_duration_words(int64_t ms, struct strbuf *out);

/*
 * Everybody who may do it in the asker's channel; the asker's person is not looked at. ret_people has room for `most`
 * names; the value is how many there are. *ret_strangers: those who are not listed, too.
 */
size_t policy_who_may(const struct policy_question *question, const char **ret_people, size_t most,
		      bool *ret_strangers);
size_t policy_people(const struct policy *policy);

#endif
