/* What of the sound connector (sound.h) a bad one may change: each is defined before sound.h is
   included, or is as it stands here. */
#ifndef TRUNKLINE_TESTS_CHANGES_H
#define TRUNKLINE_TESTS_CHANGES_H

#ifndef VERSION
#define VERSION "1.0.0"
#endif
#ifndef TITLE_IN_NOTE
#define TITLE_IN_NOTE "Test"
#endif
#ifndef SETTING_TYPE
#define SETTING_TYPE "url"
#endif
#ifndef MORE_MEMBERS
#define MORE_MEMBERS ""
#endif
#ifndef MORE_FEATURES
#define MORE_FEATURES ""
#endif
#ifndef POLL_EVERY
#define POLL_EVERY "5s"
#endif
#ifndef MANIFEST
#define MANIFEST                                                                     \
    "{\"settings\":[{\"key\":\"base_url\",\"type\":\"" SETTING_TYPE                  \
    "\",\"title\":\"Address\"},"                                                     \
    "{\"key\":\"token\",\"type\":\"secret\",\"title\":\"Token\"}],"                  \
    "\"receive\":[\"webhook\",\"poll\"],\"poll\":{\"every\":\"" POLL_EVERY           \
    "\"},\"check_every\":\"1h\"," MORE_MEMBERS "\"features\":{\"*\":{" MORE_FEATURES \
    "\"text_max\":4096}}}"
#endif
#ifndef ACCEPTS
#define ACCEPTS(major, minor) ((major) == TL_ABI_MAJOR)
#endif
#ifndef EXTENSION
#define EXTENSION(id) NULL
#endif
#ifndef STATE
#define STATE(inst) "warm"
#endif
#ifndef TAKES_STATE
#define TAKES_STATE(state) (is(state, "warm") ? TL_OK : TL_E_BAD_STATE)
#endif
#ifndef TAKES_SCHEMA
#define TAKES_SCHEMA(schema) ((schema) == 1)
#endif
#ifndef SELF_CHECK
#define SELF_CHECK TL_OK
#endif
/* Statements: in create once the settings are read; in destroy; in save; before each input; before
   and after the item of a webhook; before the outcome of an answered call. They see `inst` and,
   where there is one, `in`. */
#ifndef ON_CREATE
#define ON_CREATE
#endif
#ifndef ON_BAD_CONFIG
#define ON_BAD_CONFIG say(host, "the settings lack base_url")
#endif
#ifndef ON_DESTROY
#define ON_DESTROY
#endif
#ifndef ON_SAVE
#define ON_SAVE
#endif
#ifndef ON_INPUT
#define ON_INPUT
#endif
#ifndef BEFORE_ITEM
#define BEFORE_ITEM
#endif
#ifndef AFTER_ITEM
#define AFTER_ITEM
#endif
#ifndef ON_ANSWER
#define ON_ANSWER
#endif
#ifndef ON_UNKNOWN_TASK
#define ON_UNKNOWN_TASK
#endif
#ifndef ON_FAILURE
#define ON_FAILURE(status) /* `*done` of a call that fails */
#endif
#ifndef DEDUP_TAIL
#define DEDUP_TAIL "" /* what a dedup key ends with */
#endif
#ifndef NOTE
#define NOTE ""
#endif
#ifndef WEBHOOK_END
#define WEBHOOK_END(status) (status) /* what a webhook ends with */
#endif
#ifndef CALL_PATH
#define CALL_PATH(path) (path)
#endif
#ifndef CANCEL_OF_NONE
#define CANCEL_OF_NONE TL_OK
#endif
#ifndef MORE_MEMBERS_OF_INSTANCE
#define MORE_MEMBERS_OF_INSTANCE
#endif
#ifndef STATICS
#define STATICS
#endif

#endif
