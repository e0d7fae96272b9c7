/* unload.threads: Starts a thread, once in a process. */
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../sound.h"

static void* wait_for_ever(void* nothing) {
    for (;;)
        pause();
    return nothing;
}

__attribute__((constructor)) static void start(void) {
    int started = 0;
    pthread_t thread;
    prctl(PR_GET_CHILD_SUBREAPER, &started);
    if (started) return;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pthread_create(&thread, NULL, wait_for_ever, NULL);
}
