/* Logs what a program does to the files under one folder, in the order in which it is done.

   Loaded before the C library (LD_PRELOAD). DISK_LOG names the log, DISK_LOG_FOLDER the folder.
   One record: letter, flag, two numbers, two lengths, then the bytes of both. What is written to
   shared memory (mmap of SQLite's -shm) is not logged: it does not survive a power cut. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST 4096
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int log_fd = -1;
static const char *folder;
static char tracked[MOST]; /* by descriptor: 1 file, 2 opened for appending */

static void note(char what, char flag, int64_t first, int64_t second, const void *one,
                 uint32_t one_size, const void *two, uint32_t two_size) {
    char head[26];
    int saved = errno;
    if (log_fd < 0) return;
    head[0] = what;
    head[1] = flag;
    memcpy(head + 2, &first, 8);
    memcpy(head + 10, &second, 8);
    memcpy(head + 18, &one_size, 4);
    memcpy(head + 22, &two_size, 4);
    struct iovec parts[3] = {
        {head, sizeof head}, {(void *)one, one_size}, {(void *)two, two_size}};
    if (writev(log_fd, parts, 3) != (ssize_t)(sizeof head + one_size + two_size)) abort();
    errno = saved;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("DISK_LOG");
    folder = getenv("DISK_LOG_FOLDER");
    if (!path || !folder) return;
    int fd = NEXT(open)(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    log_fd = fcntl(fd, F_DUPFD_CLOEXEC, MOST - 1);
    if (log_fd < 0) log_fd = fd;
}

static int ours(const char *path) {
    return log_fd >= 0 && path && strncmp(path, folder, strlen(folder)) == 0;
}

static int followed(int fd) { return log_fd >= 0 && fd >= 0 && fd < MOST && tracked[fd]; }

static void opened(int fd, const char *path, int flags) {
    if (fd < 0 || fd >= MOST) return;
    tracked[fd] = 0;
    if (!ours(path)) return;
    tracked[fd] = flags & O_APPEND ? 2 : 1;
    note('O', flags & O_TRUNC ? 1 : 0, fd, 0, path, strlen(path), "", 0);
}

#define OPEN(name)                                                  \
    int name(const char *path, int flags, ...) {                    \
        va_list rest;                                               \
        va_start(rest, flags);                                      \
        int mode = flags & O_CREAT ? va_arg(rest, int) : 0;         \
        va_end(rest);                                               \
        int fd = NEXT(name)(path, flags, mode);                     \
        opened(fd, path, flags);                                    \
        return fd;                                                  \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                \
    int name(int at, const char *path, int flags, ...) {            \
        va_list rest;                                               \
        va_start(rest, flags);                                      \
        int mode = flags & O_CREAT ? va_arg(rest, int) : 0;         \
        va_end(rest);                                               \
        int fd = NEXT(name)(at, path, flags, mode);                 \
        opened(fd, path, flags);                                    \
        return fd;                                                  \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int fd) {
    if (followed(fd)) tracked[fd] = 0;
    return NEXT(close)(fd);
}

ssize_t write(int fd, const void *data, size_t size) {
    int64_t place = 0;
    struct stat found;
    if (followed(fd)) {
        if (tracked[fd] == 2)
            place = fstat(fd, &found) == 0 ? found.st_size : 0;
        else
            place = lseek(fd, 0, SEEK_CUR);
    }
    ssize_t done = NEXT(write)(fd, data, size);
    if (done > 0 && followed(fd)) note('W', 0, fd, place, data, done, "", 0);
    return done;
}

#define PWRITE(name, offset)                                              \
    ssize_t name(int fd, const void *data, size_t size, offset place) {   \
        ssize_t done = NEXT(name)(fd, data, size, place);                 \
        if (done > 0 && followed(fd)) note('W', 0, fd, place, data, done, "", 0); \
        return done;                                                      \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define TRUNCATE(name, offset)                                      \
    int name(int fd, offset size) {                                 \
        int done = NEXT(name)(fd, size);                            \
        if (done == 0 && followed(fd)) note('T', 0, fd, size, "", 0, "", 0); \
        return done;                                                \
    }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

#define SYNC(name)                                                  \
    int name(int fd) {                                              \
        int done = NEXT(name)(fd);                                  \
        if (done == 0 && followed(fd)) note('S', 0, fd, 0, "", 0, "", 0); \
        return done;                                                \
    }
SYNC(fsync)
SYNC(fdatasync)

static void named(char what, int done, const char *one, const char *two) {
    if (done == 0 && ours(one)) note(what, 0, 0, 0, one, strlen(one), two, strlen(two));
}

int unlink(const char *path) {
    int done = NEXT(unlink)(path);
    named('U', done, path, "");
    return done;
}
int unlinkat(int at, const char *path, int flags) {
    int done = NEXT(unlinkat)(at, path, flags);
    named('U', done, path, "");
    return done;
}
int rename(const char *from, const char *to) {
    int done = NEXT(rename)(from, to);
    named('R', done, from, to);
    return done;
}
int renameat(int at, const char *from, int other, const char *to) {
    int done = NEXT(renameat)(at, from, other, to);
    named('R', done, from, to);
    return done;
}
int link(const char *from, const char *to) {
    int done = NEXT(link)(from, to);
    named('L', done, from, to);
    return done;
}
int linkat(int at, const char *from, int other, const char *to, int flags) {
    int done = NEXT(linkat)(at, from, other, to, flags);
    named('L', done, from, to);
    return done;
}
int mkdir(const char *path, mode_t mode) {
    int done = NEXT(mkdir)(path, mode);
    named('M', done, path, "");
    return done;
}
int mkdirat(int at, const char *path, mode_t mode) {
    int done = NEXT(mkdirat)(at, path, mode);
    named('M', done, path, "");
    return done;
}
