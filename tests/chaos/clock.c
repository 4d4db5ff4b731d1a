/* Moves the clock of one process: a library for LD_PRELOAD that adds the seconds in the file $CHAOS_CLOCK to the time of
 * day, whenever it is asked for. Monotonic clocks go on as they are, as they do on a machine whose clock is corrected.
 * Waits until a time of day go by it as well: one that is under way while the clock is set back lasts so much longer, as it
 * does in a kernel. Only what a kernel does where the clock is set forwards is left out: that such waits end at once. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shown;
static int (*real)(clockid_t, struct timespec *);
static int (*real_cnd)(cnd_t *, mtx_t *, const struct timespec *);

__attribute__((constructor)) static void begin(void) {
  real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  real_cnd = (int (*)(cnd_t *, mtx_t *, const struct timespec *))dlsym(RTLD_NEXT, "cnd_timedwait");
  const char *path = getenv("CHAOS_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *found = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (found != MAP_FAILED) shown = found;
}

int clock_gettime(clockid_t clock, struct timespec *out) {
  if (!real) begin();
  int failed = real(clock, out);
  if (!failed && shown && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) out->tv_sec += *shown;
  return failed;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
  (void)zone;
  struct timespec now;
  int failed = clock_gettime(CLOCK_REALTIME, &now);
  if (failed) return failed;
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now)) return (time_t)-1;
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}

/* Whether a wait that began with the clock wrong by so much, and is over by the machine's clock, goes on. */
static int goes_on(int64_t offset, const struct timespec *until) {
  struct timespec now;
  if (!shown || *shown == offset || clock_gettime(CLOCK_REALTIME, &now)) return 0;
  return now.tv_sec < until->tv_sec || (now.tv_sec == until->tv_sec && now.tv_nsec < until->tv_nsec);
}

/* The only wait until a time of day that nashra has, in librdkafka. */
int cnd_timedwait(cnd_t *restrict cond, mtx_t *restrict mutex, const struct timespec *restrict until) {
  for (;;) {
    int64_t offset = shown ? *shown : 0;
    struct timespec at = {.tv_sec = until->tv_sec - offset, .tv_nsec = until->tv_nsec};
    if (at.tv_sec < 0) at.tv_sec = 0;
    int ended = real_cnd(cond, mutex, &at);
    if (ended != thrd_timedout || !goes_on(offset, until)) return ended;
  }
}
