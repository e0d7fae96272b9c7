/* What the files of this connector share: a task, an instance, and which function takes which
 * input. */
#ifndef COURIER_H
#define COURIER_H

#include <trunkline/c_json.h>

/* Where a task stands: what its next input answers. */
typedef enum stage { FETCHING, UPLOADING, SENDING, WAITING_FOR_ECHO, READING_ECHO } stage;

/* What a task knows between two inputs, all of it from its own inputs. Their bytes are gone when
   `handle` returns, so what is needed later is copied. */
struct task {
    struct task* next;
    uint64_t id;
    uint32_t steps; /* asked for so far; the last one is under way */
    stage stage;
    tl_buffer cursor;        /* of a poll */
    tl_buffer command, chat; /* of a command: its id, and the conversation */
    tl_buffer text;          /* raw JSON */
};

struct tl_instance {
    const tl_host* host;
    tl_buffer base_url, token, app_secret;
    struct task* open;
};

/* Makes a task; a former one with its id is forgotten. NULL when memory is short. */
struct task* begin_task(tl_instance* instance, uint64_t id);

/* Ends the task of an input. */
tl_status end_task(const tl_input* input, const tl_effects* effects, tl_outcome outcome);

/* receive.c */
tl_status on_webhook(const tl_instance* instance, const tl_input* input, const tl_effects* effects);
tl_status on_poll(tl_instance* instance, const tl_input* input, const tl_effects* effects);
tl_status on_fetched(const struct task* task, const tl_input* reply, const tl_effects* effects);

/* send.c */
tl_status on_command(tl_instance* instance, const tl_input* input, const tl_effects* effects);
tl_status on_uploaded(
    const tl_instance* instance, struct task* task, const tl_input* reply, const tl_effects* effects
);
tl_status on_sent(struct task* task, const tl_input* reply, const tl_effects* effects);
tl_status on_waited(struct task* task, const tl_effects* effects);
tl_status on_echo(const tl_input* stored, const tl_effects* effects);

#endif
