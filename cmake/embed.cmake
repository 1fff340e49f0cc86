# embed.cmake - FROM (a text file) to TO (a C file with example_policy_text); run by CMakeLists.txt at build time
file(READ ${FROM} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR len "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
file(WRITE ${TO} "/* made from policy.yaml.example */\n#include \"cli/example_policy.h\"\n\nconst unsigned char example_policy_text[] = {${bytes}0};\nconst size_t example_policy_len = ${len};\n")
