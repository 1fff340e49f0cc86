/* example_policy.h - policy.yaml.example as it stood when the program was built (made by CMake) */
#ifndef CLI_EXAMPLE_POLICY_H
#define CLI_EXAMPLE_POLICY_H

#include <stddef.h>

extern const unsigned char example_policy_text[];
extern const size_t example_policy_len;

#endif
