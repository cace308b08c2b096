// Loaded into httpd before libc and liblmdb: a disk in trouble. What happens to the store's files
// stands in the file that EPOCH_FAULT_ORDERS names, a line each, and may change at any time:
//
//     write 28      what is written answers this errno
//     meta 5        the same of LMDB's last page of a commit, written to a synchronous file
//     sync 5        what is written cannot be made durable
//     read 5        what is read (but not what is mapped)
//     open 30       what is opened to be written
//     map 1048576   the largest size of a store that is opened from now on, in bytes
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

// The number behind the word, or 0. System calls alone, which are not intercepted.
static long order(const char* word) {
  const char* path = getenv("EPOCH_FAULT_ORDERS");
  if (path == NULL) return 0;
  const int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (file < 0) return 0;
  char text[512];
  const long length = syscall(SYS_read, file, text, sizeof text - 1);
  syscall(SYS_close, file);
  if (length <= 0) return 0;
  text[length] = '\0';
  const size_t size = strlen(word);
  for (const char* line = text; line != NULL; line = strchr(line, '\n')) {
    if (*line == '\n') ++line;
    if (strncmp(line, word, size) == 0 && line[size] == ' ') return atol(line + size);
  }
  return 0;
}

static int is_stores(const char* path) { return strstr(path, "/auth_epoch/") != NULL; }

static int is_stores_file(int file) {
  char link[64];
  char path[4096];
  const int saved = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  errno = saved;
  if (length <= 0) return 0;
  path[length] = '\0';
  return is_stores(path);
}

// Whether the call fails; errno says how.
static int fails(int file, const char* call) {
  if (!is_stores_file(file)) return 0;
  const long error = order(call);
  if (error != 0) errno = (int)error;
  return error != 0;
}

static const char* kind_of_write(int file) {
  const int flags = fcntl(file, F_GETFL);
  return flags >= 0 && (flags & O_DSYNC) != 0 ? "meta" : "write";
}

ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  if (fails(file, kind_of_write(file))) return -1;
  return syscall(SYS_pwrite64, file, bytes, size, offset);
}

ssize_t writev(int file, const struct iovec* parts, int count) {
  if (fails(file, "write")) return -1;
  return syscall(SYS_writev, file, parts, count);
}

int fdatasync(int file) {
  if (fails(file, "sync")) return -1;
  return (int)syscall(SYS_fdatasync, file);
}

int fsync(int file) {
  if (fails(file, "sync")) return -1;
  return (int)syscall(SYS_fsync, file);
}

ssize_t pread(int file, void* bytes, size_t size, off_t offset) {
  if (fails(file, "read")) return -1;
  return syscall(SYS_pread64, file, bytes, size, offset);
}

int open(const char* path, int flags, ...) {
  mode_t mode = 0;
  if ((flags & (O_CREAT | __O_TMPFILE)) != 0) {
    va_list rest;
    va_start(rest, flags);
    mode = va_arg(rest, mode_t);
    va_end(rest);
  }
  if ((flags & O_ACCMODE) != O_RDONLY && is_stores(path)) {
    const long error = order("open");
    if (error != 0) {
      errno = (int)error;
      return -1;
    }
  }
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int mdb_env_set_mapsize(MDB_env* env, size_t size) {
  int (*real)(MDB_env*, size_t) = NULL;
  *(void**)&real = dlsym(RTLD_NEXT, "mdb_env_set_mapsize");
  const long smaller = order("map");
  return real(env, smaller != 0 ? (size_t)smaller : size);
}
