/* A wall clock that jumps, for a process that is started with this preloaded: it is wrong by as
 * many seconds as the file holds that WRONG_CLOCK names.
 *
 * A wait for a time of that clock goes by it throughout, as the kernel's do. libfaketime would not
 * do: it turns waits of pthreads into waits for a while, which hides who waits for hours, and leaves
 * those of C's own threads to the right clock, where they take hours that no true jump costs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000000000, TURN = 5000000 };

static const volatile int64_t *ahead;

__attribute__((constructor)) static void set(void) {
    const char *path = getenv("WRONG_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *page = mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, file, 0);
    if (page == MAP_FAILED)
        abort();
    ahead = page;
    close(file);
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = (int)syscall(SYS_clock_gettime, clock, now);
    /* Other libraries may ask before this one is set. */
    if (!failed && ahead && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += *ahead;
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *now) {
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (now)
        *now = precise.tv_sec;
    return precise.tv_sec;
}

static bool is_past(const struct timespec *until) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec > until->tv_sec ||
           (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec);
}

/* In turns, by a clock that never jumps: the mutex is held between them, so no signal is missed. */
int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex,
                           const struct timespec *restrict until) {
    bool late;
    int answer;
    do {
        struct timespec turn;
        late = is_past(until);
        clock_gettime(CLOCK_MONOTONIC, &turn);
        turn.tv_nsec += late ? 0 : TURN;
        turn.tv_sec += turn.tv_nsec / SECOND;
        turn.tv_nsec %= SECOND;
        answer = pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, &turn);
    } while (answer == ETIMEDOUT && !late);
    return answer;
}

/* What librdkafka waits by. The C library has the same behind both. */
int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex,
                  const struct timespec *restrict until) {
    int answer = pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, until);
    return answer == 0 ? thrd_success : answer == ETIMEDOUT ? thrd_timedout : thrd_error;
}
