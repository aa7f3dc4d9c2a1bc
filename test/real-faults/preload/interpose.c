/*
 * Put before libc (LD_PRELOAD): calls that change files below one folder fail, end the process, or are recorded, as a page of
 * numbers says that is shared with the suite; and the clock is set. `control.ts` has the other side of that page, `trace.ts` reads
 * what is recorded.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The order is that of `FIELDS` in control.ts. */
struct control {
  _Atomic long calls;          /* that could change a file, counted */
  _Atomic long write_errno;    /* writes fail with this */
  _Atomic long read_errno;     /* reads fail with this */
  _Atomic long syncs_to_fail;  /* so many syncs fail */
  _Atomic long syncs_lie;      /* those report success all the same */
  _Atomic long kill_at;        /* the process ends at this call */
  _Atomic long clock_offset_s; /* added to the time of day */
  _Atomic long failed_writes;
  _Atomic long failed_reads;
  _Atomic long failed_syncs;
  long unused[22];
  char match[256]; /* only files whose path contains this; all when empty */
};

static struct control none;
static struct control *control = &none;
static int trace = -1;
static char folder[4096];
static size_t folder_length;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

/* Files that are there for the suite (acks), files that a crash may take (shm), and all others. */
enum kind { FOREIGN, DATA, VOLATILE, ACKS };
#define FDS 65536
static struct { unsigned char kind, matches; unsigned long inode; } fds[FDS];

#define REAL(name) static __typeof__(&name) real; if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static ssize_t put(const struct iovec *parts, int count) { REAL(writev); return real(trace, parts, count); }

/* type, bytes that follow, inode, offset */
static void record(int type, unsigned long inode, unsigned long offset, const void *bytes, size_t length) {
  if (trace < 0) return;
  struct { unsigned int type, length; unsigned long inode, offset; } head = {type, length, inode, offset};
  struct iovec parts[2] = {{&head, sizeof head}, {(void *)bytes, length}};
  if (put(parts, length ? 2 : 1) < 0) abort();
}

__attribute__((constructor)) static void start(void) {
  const char *data = getenv("FAULTS_DATA"), *page = getenv("FAULTS_CONTROL"), *file = getenv("FAULTS_TRACE");
  if (!data || !page) return;
  folder_length = strlen(strncpy(folder, data, sizeof folder - 1));
  int fd = open(page, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (mapped != MAP_FAILED) control = mapped;
  if (file) trace = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static int below(const char *path) {
  return folder_length && !strncmp(path, folder, folder_length) && (path[folder_length] == '/' || !path[folder_length]);
}

static int matches(const char *path) { return !control->match[0] || strstr(path, control->match); }

static int ends(const char *path, const char *with) {
  size_t a = strlen(path), b = strlen(with);
  return a >= b && !strcmp(path + a - b, with);
}

/* Where a descriptor leads, as an absolute path. */
static int path_of(int fd, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return 1;
}

/* A name in a folder, as an absolute path. */
static void absolute(int at, const char *name, char *path, size_t size) {
  if (name[0] == '/') { snprintf(path, size, "%s", name); return; }
  char base[4096];
  if (at == AT_FDCWD ? !getcwd(base, sizeof base) : !path_of(at, base, sizeof base)) base[0] = 0;
  snprintf(path, size, "%s/%s", base, name);
}

/* Counts a call, and ends the process if it is the one. */
static void count(const char *path) {
  if (!matches(path)) return;
  long now = atomic_fetch_add(&control->calls, 1) + 1;
  if (control->kill_at && now >= control->kill_at) { control->kill_at = 0; kill(getpid(), SIGKILL); }
}

static void counted(int fd) {
  if (!fds[fd].matches) return;
  long now = atomic_fetch_add(&control->calls, 1) + 1;
  if (control->kill_at && now >= control->kill_at) { control->kill_at = 0; kill(getpid(), SIGKILL); }
}

static int known(int fd) { return fd >= 0 && fd < FDS && fds[fd].kind != FOREIGN; }

/* A file has been opened: it is remembered if it is one of the folder. */
static int opened(int fd, int flags) {
  if (fd < 0 || fd >= FDS) return fd;
  fds[fd].kind = FOREIGN;
  char path[4096];
  struct stat found;
  if (!folder_length || !path_of(fd, path, sizeof path) || !below(path) || fstat(fd, &found) || !S_ISREG(found.st_mode)) return fd;
  fds[fd].inode = found.st_ino;
  fds[fd].matches = !!matches(path);
  fds[fd].kind = ends(path, "-shm") || ends(path, ".lock") || ends(path, ".lock-journal") ? VOLATILE : ends(path, "/acks") ? ACKS : DATA;
  if (fds[fd].kind == DATA && (flags & O_CREAT)) {
    pthread_mutex_lock(&order);
    record('C', found.st_ino, 0, path + folder_length + 1, strlen(path) - folder_length - 1);
    pthread_mutex_unlock(&order);
  }
  return fd;
}

/* True when a file that is not there yet may not be made, because the disk is full. */
static int refused(int at, const char *name, int flags) {
  if (!control->write_errno || !(flags & O_CREAT)) return 0;
  char path[4096];
  absolute(at, name, path, sizeof path);
  if (!below(path) || !matches(path) || !access(path, F_OK)) return 0;
  control->failed_writes++;
  errno = control->write_errno;
  return 1;
}

#define OPENING(name) \
  int name(const char *path, int flags, ...) { \
    REAL(name); va_list rest; va_start(rest, flags); int mode = va_arg(rest, int); va_end(rest); \
    return refused(AT_FDCWD, path, flags) ? -1 : opened(real(path, flags, mode), flags); \
  }
OPENING(open)
OPENING(open64)
#define OPENING_AT(name) \
  int name(int at, const char *path, int flags, ...) { \
    REAL(name); va_list rest; va_start(rest, flags); int mode = va_arg(rest, int); va_end(rest); \
    return refused(at, path, flags) ? -1 : opened(real(at, path, flags, mode), flags); \
  }
OPENING_AT(openat)
OPENING_AT(openat64)

int close(int fd) {
  REAL(close);
  if (fd >= 0 && fd < FDS) fds[fd].kind = FOREIGN;
  return real(fd);
}

/* A disk that is full takes a part of a write first. */
static long failing(int fd, size_t *length) {
  long error = fds[fd].matches && fds[fd].kind != ACKS ? control->write_errno : 0;
  if (!error) return 0;
  control->failed_writes++;
  if (error == ENOSPC && *length > 512 && (control->failed_writes & 3) == 1) { *length /= 2; return 0; }
  errno = error;
  return error;
}

static void wrote(int fd, unsigned long offset, const void *bytes, ssize_t length) {
  if (length <= 0) return;
  if (fds[fd].kind == DATA) record('W', fds[fd].inode, offset, bytes, length);
  if (fds[fd].kind == ACKS) record('A', 0, 0, bytes, length);
}

#define WRITING_AT(name) \
  ssize_t name(int fd, const void *bytes, size_t length, off_t offset) { \
    REAL(name); \
    if (!known(fd)) return real(fd, bytes, length, offset); \
    counted(fd); \
    if (failing(fd, &length)) return -1; \
    pthread_mutex_lock(&order); \
    ssize_t done = real(fd, bytes, length, offset); \
    wrote(fd, offset, bytes, done); \
    pthread_mutex_unlock(&order); \
    return done; \
  }
WRITING_AT(pwrite)
WRITING_AT(pwrite64)

ssize_t write(int fd, const void *bytes, size_t length) {
  REAL(write);
  if (!known(fd)) return real(fd, bytes, length);
  counted(fd);
  if (failing(fd, &length)) return -1;
  pthread_mutex_lock(&order);
  ssize_t done = real(fd, bytes, length);
  if (done > 0) wrote(fd, lseek(fd, 0, SEEK_CUR) - done, bytes, done);
  pthread_mutex_unlock(&order);
  return done;
}

ssize_t writev(int fd, const struct iovec *parts, int number) {
  if (known(fd) && number > 0) return write(fd, parts[0].iov_base, parts[0].iov_len);
  REAL(writev);
  return real(fd, parts, number);
}

ssize_t pwritev64(int fd, const struct iovec *parts, int number, off_t offset) {
  if (known(fd) && number > 0) return pwrite64(fd, parts[0].iov_base, parts[0].iov_len, offset);
  REAL(pwritev64);
  return real(fd, parts, number, offset);
}

#define READING(name, ...) \
    REAL(name); \
    if (known(fd) && fds[fd].matches && control->read_errno) { control->failed_reads++; errno = control->read_errno; return -1; } \
    return real(__VA_ARGS__);
ssize_t pread(int fd, void *bytes, size_t length, off_t offset) { READING(pread, fd, bytes, length, offset) }
ssize_t pread64(int fd, void *bytes, size_t length, off_t offset) { READING(pread64, fd, bytes, length, offset) }

/* A sync that fails has not made anything durable, and the next one does not either: the kernel forgets what it could not write. */
#define SYNCING(name) \
  int name(int fd) { \
    REAL(name); \
    if (!known(fd)) { \
      int done = real(fd); \
      if (!done && trace >= 0) { pthread_mutex_lock(&order); record('D', 0, 0, "", 0); pthread_mutex_unlock(&order); } \
      return done; \
    } \
    counted(fd); \
    if (fds[fd].kind == DATA && fds[fd].matches && control->syncs_to_fail > 0) { \
      control->syncs_to_fail--; \
      control->failed_syncs++; \
      pthread_mutex_lock(&order); \
      record('F', fds[fd].inode, 0, "", 0); \
      pthread_mutex_unlock(&order); \
      if (control->syncs_lie) return 0; \
      errno = EIO; \
      return -1; \
    } \
    pthread_mutex_lock(&order); \
    int done = real(fd); \
    if (!done && fds[fd].kind == DATA) record('S', fds[fd].inode, 0, "", 0); \
    pthread_mutex_unlock(&order); \
    return done; \
  }
SYNCING(fsync)
SYNCING(fdatasync)

#define CUTTING(name) \
  int name(int fd, off_t length) { \
    REAL(name); \
    if (!known(fd)) return real(fd, length); \
    counted(fd); \
    pthread_mutex_lock(&order); \
    int done = real(fd, length); \
    if (!done && fds[fd].kind == DATA) record('T', fds[fd].inode, length, "", 0); \
    pthread_mutex_unlock(&order); \
    return done; \
  }
CUTTING(ftruncate)
CUTTING(ftruncate64)

/* A change of names: one path, or two with a zero byte in between. */
static void renamed(int type, const char *from, const char *to) {
  char both[8200];
  int isFrom = below(from), isTo = to && below(to);
  if (!isFrom && !isTo) return;
  int length = snprintf(both, sizeof both, "%s", isFrom ? from + folder_length + 1 : "");
  if (to) length += 1 + snprintf(both + length + 1, sizeof both - length - 1, "%s", isTo ? to + folder_length + 1 : "");
  record(type, 0, 0, both, length);
}

static int removal(int at, const char *name, int (*act)(int, const char *, int), int flags) {
  char path[4096];
  absolute(at, name, path, sizeof path);
  if (!below(path)) return act(at, name, flags);
  count(path);
  pthread_mutex_lock(&order);
  int done = act(at, name, flags);
  if (!done) renamed('U', path, NULL);
  pthread_mutex_unlock(&order);
  return done;
}

int unlinkat(int at, const char *name, int flags) { REAL(unlinkat); return removal(at, name, real, flags); }
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }

static int renaming(int type, int at, const char *from, int to_at, const char *to, int flags, int (*act)(int, const char *, int, const char *, int)) {
  char one[4096], two[4096];
  absolute(at, from, one, sizeof one);
  absolute(to_at, to, two, sizeof two);
  if (!below(one) && !below(two)) return act(at, from, to_at, to, flags);
  count(two);
  pthread_mutex_lock(&order);
  int done = act(at, from, to_at, to, flags);
  if (!done) renamed(type, one, two);
  pthread_mutex_unlock(&order);
  return done;
}

static int rename_flagless(int at, const char *from, int to_at, const char *to, int flags) {
  (void)flags;
  REAL(renameat);
  return real(at, from, to_at, to);
}

int renameat(int at, const char *from, int to_at, const char *to) { return renaming('R', at, from, to_at, to, 0, rename_flagless); }
int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }
int linkat(int at, const char *from, int to_at, const char *to, int flags) { REAL(linkat); return renaming('L', at, from, to_at, to, flags, real); }

int clock_gettime(clockid_t clock, struct timespec *at) {
  REAL(clock_gettime);
  int done = real(clock, at);
  if (!done && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) at->tv_sec += control->clock_offset_s;
  return done;
}

int gettimeofday(struct timeval *at, void *zone) {
  REAL(gettimeofday);
  int done = real(at, zone);
  if (!done) at->tv_sec += control->clock_offset_s;
  return done;
}
