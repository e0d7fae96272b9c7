/*
 * trunkline/note.h - the ELF note by which a connector introduces itself without being run.
 *
 * Section `.note.trunkline`, owner "Trunkline", type TL_NOTE_CONNECTOR, alignment 4; `strip` keeps
 * it, `readelf -n` lists it. A host reads it from its private copy of the file before dlopen, so
 * that a wrong connector never runs a constructor.
 *
 * On disk (little-endian words, as ELF notes are):
 *   0   namesz = 10, descsz, type = 1
 *   12  "Trunkline\0" and two zero bytes
 *   24  tl_note: 40 bytes
 *   64  id, version, title, manifest, build: their bytes back to back, without terminators
 *       zero bytes up to a multiple of 4
 * descsz counts tl_note, the five texts and the padding. A reader checks that the five sizes fit
 * into descsz before it follows any of them.
 */
#ifndef TRUNKLINE_NOTE_H
#define TRUNKLINE_NOTE_H

#include <stdint.h>

#define TL_NOTE_SECTION ".note.trunkline"
#define TL_NOTE_OWNER "Trunkline" /* with its terminator: namesz is 10 */
#define TL_NOTE_CONNECTOR 1u      /* the note's type */
#define TL_NOTE_FORMAT 1u         /* another one is refused */

/* The fixed part of the descriptor. Grows at the end with a new `format`. */
typedef struct tl_note {
    uint32_t format;       /* TL_NOTE_FORMAT */
    uint32_t abi_major;    /* as in tl_plugin */
    uint32_t abi_minor;    /* as in tl_plugin: the oldest host minor the connector works with */
    uint32_t state_schema; /* as in tl_plugin */
    uint32_t id_size, version_size, title_size, manifest_size;
    uint32_t build_size; /* SDK version and compiler, for bug reports */
    uint32_t reserved;   /* zero */
} tl_note;

#endif
