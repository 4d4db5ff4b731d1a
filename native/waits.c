/* Waits by a clock that nobody sets: `cnd_timedwait` for librdkafka, the only one in the program that calls it.
 *
 * librdkafka waits for some milliseconds by taking the time of day and waiting until that time plus them. Where the clock is
 * set back meanwhile by an hour or a day, the C library's own `cnd_timedwait` lasts so much longer: a client's threads stand
 * still, its calls do not time out, and closing it never ends. The linker takes this one before the C library's.
 *
 * What must stay true: a signal ends the wait at once. That the time is over may be said too early, because the caller
 * (`cnd_timedwait_ms`) then looks at a monotonic clock itself, and waits again where time is left. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <threads.h>
#include <time.h>

#define SECOND INT64_C(1000000000)

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict mutex, const struct timespec *restrict until) {
  struct timespec day, end;
  if (clock_gettime(CLOCK_REALTIME, &day) || clock_gettime(CLOCK_MONOTONIC, &end)) return thrd_error;
  int64_t left = 0;
  if (until->tv_sec >= day.tv_sec) {
    /* A second at most: the clock may have been set since the caller looked at it. */
    left = until->tv_sec - day.tv_sec > 1 ? SECOND : (until->tv_sec - day.tv_sec) * SECOND + until->tv_nsec - day.tv_nsec;
    left = left < 0 ? 0 : left > SECOND ? SECOND : left;
  }
  end.tv_sec += (end.tv_nsec + left) / SECOND;
  end.tv_nsec = (end.tv_nsec + left) % SECOND;
  /* With glibc these types are those of pthreads under other names; it casts them itself. */
  switch (pthread_cond_clockwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, CLOCK_MONOTONIC, &end)) {
    case 0: return thrd_success;
    case ETIMEDOUT: return thrd_timedout;
    default: return thrd_error;
  }
}
