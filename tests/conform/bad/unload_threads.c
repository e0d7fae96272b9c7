/* unload.threads: Starts a thread, once in a process. */
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../sound.h"

__attribute__((constructor)) static void start(void) {
    int started = 0;
    pthread_t thread;
    prctl(PR_GET_CHILD_SUBREAPER, &started);
    if (started) return;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    /* It runs none of our code, which may be gone before it begins. */
    pthread_create(&thread, NULL, (void* (*)(void*))(uintptr_t)pause, NULL);
}
