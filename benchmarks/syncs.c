/* Counts what a process forces to disk: loaded before its libraries, it adds one to a shared number for each call.
 *
 * And what its children do, whatever environment they are given: a version of the gateway may hand its writing process
 * next to nothing of its own. */
#define _GNU_SOURCE
#include <alloca.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PRELOADED "LD_PRELOAD="

static atomic_ulong *count;
static int (*real_execve)(const char *, char *const[], char *const[]);
static int (*real_spawn)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
                         char *const[], char *const[]);

__attribute__((constructor)) static void begin(void) {
    real_execve = (int (*)(const char *, char *const[], char *const[]))dlsym(RTLD_NEXT, "execve");
    real_spawn = (int (*)(pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
                          char *const[], char *const[]))dlsym(RTLD_NEXT, "posix_spawn");
    int file = open(COUNTER, O_RDWR | O_CLOEXEC); /* in the library, for a child may be given another environment */
    if (file < 0)
        return;
    void *place = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (place != MAP_FAILED)
        count = place;
}

static int counted(const char *name, int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    if (count)
        atomic_fetch_add(count, 1);
    return real(file);
}

int fsync(int file) { return counted("fsync", file); }
int fdatasync(int file) { return counted("fdatasync", file); }

/* On the stack: between fork and exec nothing may be allocated. Where it has another library of its own, that is its matter. */
#define WITH_LIBRARY(environment, call)                                                                               \
    size_t names = 0;                                                                                                 \
    for (; environment && environment[names]; names++)                                                                \
        if (!strncmp(environment[names], PRELOADED, strlen(PRELOADED)))                                               \
            return call(environment);                                                                                 \
    char **more = alloca((names + 2) * sizeof *more);                                                                 \
    if (names)                                                                                                        \
        memcpy(more, environment, names * sizeof *more);                                                              \
    more[names] = PRELOADED LIBRARY;                                                                                  \
    more[names + 1] = NULL;                                                                                           \
    return call(more)

int execve(const char *path, char *const words[], char *const environment[]) {
#define EXECVE(given) real_execve(path, words, (char *const *)(given))
    WITH_LIBRARY(environment, EXECVE);
}

/* Newer Pythons start children so. */
int posix_spawn(pid_t *child, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *how,
                char *const words[], char *const environment[]) {
#define SPAWN(given) real_spawn(child, path, actions, how, words, (char *const *)(given))
    WITH_LIBRARY(environment, SPAWN);
}
