/* What happens to files, seen and disturbed from below: loaded before a program (LD_PRELOAD) to record every change it
 * makes under one folder, to kill it, to fail its writes, or to move its clock, at the n-th change. Linux, glibc.
 *
 *   TORTURE_ROOT      the folder (absolute)
 *   TORTURE_LOG       where to record
 *   TORTURE_KILL_AT   kill -9 just before this change
 *   TORTURE_FAIL_AT   from this change on every change fails with TORTURE_ERRNO (ENOSPC 28, EROFS 30, EIO 5, EDQUOT 122);
 *                     a write may first be cut short
 *   TORTURE_CLOCK_AT  from this change on the wall clock is TORTURE_CLOCK seconds off
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { OPEN = 1, WRITE, TRUNCATE, SYNC, DATASYNC, SYNC_ALL, RENAME, UNLINK, MKDIR, RMDIR, LINK, MARK };
#define MAX_FD 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static int log_fd = -1, fail_errno;
static long changes, kill_at = -1, fail_at = -1, clock_at = -1, clock_off;
static uint64_t handles[MAX_FD], next_handle;

static long number(const char *name) { const char *text = getenv(name); return text ? atol(text) : -1; }

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("TORTURE_ROOT");
  if (!path) return;
  snprintf(root, sizeof root, "%s", path);
  root_length = strlen(root);
  kill_at = number("TORTURE_KILL_AT");
  fail_at = number("TORTURE_FAIL_AT");
  fail_errno = (int)number("TORTURE_ERRNO");
  clock_at = number("TORTURE_CLOCK_AT");
  const char *off = getenv("TORTURE_CLOCK");
  clock_off = off ? atol(off) : 0;
  next_handle = (uint64_t)getpid() << 32;
  const char *to = getenv("TORTURE_LOG");
  if (to) {
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    log_fd = real(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  }
}

static int inside(const char *path) {
  return root_length && path && !strncmp(path, root, root_length) && (path[root_length] == '/' || !path[root_length]);
}

static int full(char *to, int folder, const char *path) { /* the absolute path, if it is under the root */
  if (!root_length || !path) return 0;
  if (path[0] == '/') {
    snprintf(to, PATH_MAX, "%s", path);
  } else {
    char base[PATH_MAX], link[64];
    if (folder == AT_FDCWD) {
      if (!getcwd(base, sizeof base)) return 0;
    } else {
      snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
      ssize_t n = readlink(link, base, sizeof base - 1);
      if (n < 0) return 0;
      base[n] = 0;
    }
    if (snprintf(to, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) return 0;
  }
  return inside(to);
}

static void record(uint8_t kind, uint64_t handle, const char *a, const char *b, uint64_t offset, const void *data,
                   uint64_t length) {
  if (log_fd < 0) return;
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = dlsym(RTLD_NEXT, "write");
  uint32_t la = a ? strlen(a) : 0, lb = b ? strlen(b) : 0;
  size_t total = 37 + la + lb + length;
  char *buffer = malloc(total), *at = buffer;
  uint64_t head[3] = {handle, offset, length};
  *at++ = (char)kind;
  memcpy(at, head, 24), at += 24;
  memcpy(at, &la, 4), at += 4;
  memcpy(at, &lb, 4), at += 4;
  memset(at, 0, 4), at += 4;
  memcpy(at, a, la), at += la;
  memcpy(at, b, lb), at += lb;
  memcpy(at, data, length);
  if (real(log_fd, buffer, total) != (ssize_t)total) abort();
  free(buffer);
}

/* Counts a change; 1 if it must fail (errno is set). Called with the lock held. */
static int disturbed(void) {
  long n = changes++;
  if (n == kill_at) kill(getpid(), SIGKILL), pause();
  if (fail_at >= 0 && n >= fail_at) {
    errno = fail_errno;
    return 1;
  }
  return 0;
}

#define REAL(result, name, ...) \
  static result (*real)(__VA_ARGS__); \
  if (!real) real = dlsym(RTLD_NEXT, name)
#define LOCKED pthread_mutex_lock(&lock)
#define UNLOCKED pthread_mutex_unlock(&lock)

static int opened(const char *name, int folder, const char *path, int flags, mode_t mode) {
  static int (*at)(int, const char *, int, ...);
  (void)name;
  if (!at) at = dlsym(RTLD_NEXT, "openat64");
  char whole[PATH_MAX];
  int changing = (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0;
  int ours = full(whole, folder, path);
  if (!ours) {
    int fd = at(folder, path, flags, mode);
    if (fd >= 0 && fd < MAX_FD) handles[fd] = 0;
    return fd;
  }
  LOCKED;
  int fd = -1;
  if (!changing || !disturbed()) {
    fd = at(folder, path, flags, mode);
    if (fd >= 0 && fd < MAX_FD) {
      handles[fd] = ++next_handle;
      record(OPEN, handles[fd], whole, NULL, (uint64_t)flags, NULL, 0);
    }
  }
  UNLOCKED;
  return fd;
}

#define OPENER(name) \
  int name(const char *path, int flags, ...) { \
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
    return opened(#name, AT_FDCWD, path, flags, mode); \
  }
OPENER(open)
OPENER(open64)
#define OPENER_AT(name) \
  int name(int folder, const char *path, int flags, ...) { \
    va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest); \
    return opened(#name, folder, path, flags, mode); \
  }
OPENER_AT(openat)
OPENER_AT(openat64)

int close(int fd) {
  REAL(int, "close", int);
  if (fd >= 0 && fd < MAX_FD) handles[fd] = 0;
  return real(fd);
}

static uint64_t handle_of(int fd) { return fd >= 0 && fd < MAX_FD ? handles[fd] : 0; }

static ssize_t written(int fd, const void *data, size_t length, off_t offset) {
  static ssize_t (*real)(int, const void *, size_t, off_t);
  if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
  LOCKED;
  ssize_t done;
  if (disturbed()) {
    done = -1;
    if (changes - 1 == fail_at && length > 1) { /* the first one is cut short, as on a disk that fills up */
      done = real(fd, data, length / 2, offset);
      record(WRITE, handle_of(fd), NULL, NULL, (uint64_t)offset, data, done > 0 ? (uint64_t)done : 0);
    }
  } else {
    done = real(fd, data, length, offset);
    if (done > 0) record(WRITE, handle_of(fd), NULL, NULL, (uint64_t)offset, data, (uint64_t)done);
  }
  UNLOCKED;
  return done;
}

ssize_t write(int fd, const void *data, size_t length) {
  REAL(ssize_t, "write", int, const void *, size_t);
  if (!handle_of(fd)) return real(fd, data, length);
  struct stat status;
  int appending = fcntl(fd, F_GETFL) & O_APPEND;
  off_t offset = appending && !fstat(fd, &status) ? status.st_size : lseek(fd, 0, SEEK_CUR);
  ssize_t done = written(fd, data, length, offset);
  if (done > 0) lseek(fd, offset + done, SEEK_SET);
  return done;
}

#define PWRITE(name) \
  ssize_t name(int fd, const void *data, size_t length, off_t offset) { \
    REAL(ssize_t, #name, int, const void *, size_t, off_t); \
    return handle_of(fd) ? written(fd, data, length, offset) : real(fd, data, length, offset); \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

#define ON_HANDLE(name, kind, offset, parameters, ...) \
  int name parameters { \
    REAL(int, #name, __VA_ARGS__); \
    if (!handle_of(fd)) return REAL_CALL; \
    LOCKED; \
    int done = -1; \
    if (!disturbed() && !(done = REAL_CALL)) record(kind, handle_of(fd), NULL, NULL, offset, NULL, 0); \
    UNLOCKED; \
    return done; \
  }
#define REAL_CALL real(fd, length)
ON_HANDLE(ftruncate, TRUNCATE, (uint64_t)length, (int fd, off_t length), int, off_t)
ON_HANDLE(ftruncate64, TRUNCATE, (uint64_t)length, (int fd, off_t length), int, off_t)
#undef REAL_CALL
#define REAL_CALL real(fd)
ON_HANDLE(fsync, SYNC, 0, (int fd), int)
ON_HANDLE(fdatasync, DATASYNC, 0, (int fd), int)
#undef REAL_CALL

void sync(void) {
  LOCKED;
  if (root_length && !disturbed()) record(SYNC_ALL, 0, NULL, NULL, 0, NULL, 0); /* the real one would stop the machine */
  UNLOCKED;
}

#define ON_NAME(name, kind, parameters, folder, path, call, ...) \
  int name parameters { \
    REAL(int, #name, __VA_ARGS__); \
    char whole[PATH_MAX]; \
    if (!full(whole, folder, path)) return call; \
    LOCKED; \
    int done = -1; \
    if (!disturbed() && !(done = call)) record(kind, 0, whole, NULL, 0, NULL, 0); \
    UNLOCKED; \
    return done; \
  }
ON_NAME(unlink, UNLINK, (const char *path), AT_FDCWD, path, real(path), const char *)
ON_NAME(unlinkat, (flags & AT_REMOVEDIR) ? RMDIR : UNLINK, (int folder, const char *path, int flags), folder, path,
        real(folder, path, flags), int, const char *, int)
ON_NAME(mkdir, MKDIR, (const char *path, mode_t mode), AT_FDCWD, path, real(path, mode), const char *, mode_t)
ON_NAME(mkdirat, MKDIR, (int folder, const char *path, mode_t mode), folder, path, real(folder, path, mode), int,
        const char *, mode_t)
ON_NAME(rmdir, RMDIR, (const char *path), AT_FDCWD, path, real(path), const char *)

#define ON_NAMES(name, kind) \
  int name(const char *from, const char *to) { \
    REAL(int, #name, const char *, const char *); \
    char a[PATH_MAX], b[PATH_MAX]; \
    if (!full(a, AT_FDCWD, from) || !full(b, AT_FDCWD, to)) return real(from, to); \
    LOCKED; \
    int done = -1; \
    if (!disturbed() && !(done = real(from, to))) record(kind, 0, a, b, 0, NULL, 0); \
    UNLOCKED; \
    return done; \
  }
ON_NAMES(rename, RENAME)
ON_NAMES(link, LINK)

/* -- the clock */

static long off(void) { return clock_at >= 0 && changes > clock_at ? clock_off : 0; }

int clock_gettime(clockid_t clock, struct timespec *now) {
  REAL(int, "clock_gettime", clockid_t, struct timespec *);
  int done = real(clock, now);
  if (!done && clock == CLOCK_REALTIME) now->tv_sec += off();
  return done;
}

int gettimeofday(struct timeval *now, void *zone) {
  REAL(int, "gettimeofday", struct timeval *, void *);
  int done = real(now, zone);
  if (!done) now->tv_sec += off();
  return done;
}

time_t time(time_t *to) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (to) *to = now.tv_sec;
  return now.tv_sec;
}
