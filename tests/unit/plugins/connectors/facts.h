/* What the test connectors say about themselves; each is changed by defining it. */
#include <trunkline/abi.h>

#ifndef NOTE_ID
#define NOTE_ID "good"
#endif
#ifndef TABLE_ID
#define TABLE_ID NOTE_ID
#endif
#ifndef MAJOR
#define MAJOR TL_ABI_MAJOR
#endif
#ifndef MINOR
#define MINOR 0u
#endif
#ifndef TABLE_MINOR
#define TABLE_MINOR MINOR
#endif
#ifdef WITH_QUOTAS
#define MANIFEST                                                                           \
    "{\"quotas\":[{\"bucket\":\"sends\",\"scope\":\"account\",\"rate\":2,\"per\":\"1h\"}," \
    "{\"bucket\":\"chats\",\"scope\":\"chat\",\"rate\":1,\"per\":\"1h\"}]}"
#endif
#ifndef MANIFEST
#define MANIFEST "{\"settings\":{}}"
#endif
#ifndef TABLE_MANIFEST
#define TABLE_MANIFEST MANIFEST
#endif
#ifndef STATE_SCHEMA
#define STATE_SCHEMA 0u
#endif
#ifndef CHECK_STATUS
#define CHECK_STATUS TL_OK
#endif
#define VERSION "1.2.3"
#define TITLE "Good"
#define BUILD "by hand"
