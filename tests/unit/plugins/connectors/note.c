/* The note of a test connector. */
#include <trunkline/note.h>

#include "facts.h"

#define PADDED(SIZE) (((SIZE) + 3u) / 4u * 4u)
#define TEXTS_SIZE \
    (sizeof(NOTE_ID) + sizeof(VERSION) + sizeof(TITLE) + sizeof(MANIFEST) + sizeof(BUILD) - 5)

__attribute__((section(TL_NOTE_SECTION), used, aligned(4))) static const struct {
    uint32_t owner_size, size, type;
    char owner[12];
    tl_note fixed;
    char id[sizeof(NOTE_ID) - 1], version[sizeof(VERSION) - 1], title[sizeof(TITLE) - 1];
    char manifest[sizeof(MANIFEST) - 1], build[sizeof(BUILD) - 1];
    char padding[PADDED(TEXTS_SIZE) - TEXTS_SIZE + 4];
} kNote = {
    sizeof(TL_NOTE_OWNER),
    sizeof(tl_note) + PADDED(TEXTS_SIZE) + 4,
    TL_NOTE_CONNECTOR,
    TL_NOTE_OWNER,
    {TL_NOTE_FORMAT,
     MAJOR,
     MINOR,
     STATE_SCHEMA,
     sizeof(NOTE_ID) - 1,
     sizeof(VERSION) - 1,
     sizeof(TITLE) - 1,
     sizeof(MANIFEST) - 1,
     sizeof(BUILD) - 1,
     0},
    NOTE_ID,
    VERSION,
    TITLE,
    MANIFEST,
    BUILD,
    {0},
};
