/* Steps what a process hears of the system's wall time, and nothing else: by as many seconds as the file that
   STEPPED_CLOCK names begins with, as a signed 64-bit number. Preloaded by test_clock_jumps.py. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *step;

__attribute__((constructor)) static void find_step(void)
{
    const char *path = getenv("STEPPED_CLOCK");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof *step, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (mapped != MAP_FAILED)
        step = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *said)
{
    int failed = (int)syscall(SYS_clock_gettime, clock, said);
    if (!failed && clock == CLOCK_REALTIME && step)
        said->tv_sec += *step;
    return failed;
}
