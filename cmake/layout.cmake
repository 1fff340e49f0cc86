# In what order the files lie in the program. Linux maps 64 KiB around each page of code that is reached, so what an idle bot
# never runs is kept apart from what every start goes through: a third of a megabyte of an idle bot.
#
# First what a start runs, then what an answer needs that changes nothing, then the rest: changes, forms, the other subcommands.
# A file that is in no list is of the rest, which costs memory and nothing else. The lists are of one run each of
# `valgrind --tool=callgrind`, idle in XMPP, and in Slack with one list.
set(LAYOUT_START
  "adapters/xmpp/.*"
  "bot/(base|config|loop|metrics|store)/.*"
  "bot/app/(app|denials|groups|mirror|reload|takes|takes_ask|turn|upkeep)"
  "bot/audit/(audit|folder|roll|verify)"
  "bot/chat/post"
  "bot/cli/(chats|doctor|doctor_chats|own|program|run|sign_in|teams|token_seen)"
  "bot/code/code"
  "bot/job/(kind_link|press|queue)"
  "bot/ocean/(again|answer|bearer|decode|endpoint|http|oauth|oauth_file|pace|pages|projects|self|token_look|url|walk)"
  "bot/policy/(compile|droplets|hours|load|networks|oncall|people|report|roles|rules|snapshot|walk)")
set(LAYOUT_READ
  "adapters/slack/.*"
  "bot/(chat|gate)/.*"
  "bot/app/(accounts|answer|dispatch|keepers|recent)"
  "bot/command/(filter|grammar|list)"
  "bot/job/(locks|run)"
  "bot/ocean/(builder|fail|ids|index|snapshot)"
  "bot/policy/(decide|duties|match|selector)")

set(rest ${ROOM_SOURCES})
set(ROOM_SOURCES)
foreach(names ${LAYOUT_START} ${LAYOUT_READ})
  set(these ${rest})
  list(FILTER these INCLUDE REGEX "/${names}\\.c$")
  list(FILTER rest EXCLUDE REGEX "/${names}\\.c$")
  list(APPEND ROOM_SOURCES ${these})
endforeach()
list(APPEND ROOM_SOURCES ${rest})
