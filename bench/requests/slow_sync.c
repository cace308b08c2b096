// Loaded into httpd before libc: a disk on which each write that must be durable takes longer, by
// EPOCH_BENCH_SYNC_US microseconds. Virtual disks often answer before anything is on a disk.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static void delay(void) {
  const char* microseconds = getenv("EPOCH_BENCH_SYNC_US");
  const long wanted = microseconds == NULL ? 0 : atol(microseconds);
  const struct timespec time = {.tv_sec = wanted / 1000000, .tv_nsec = wanted % 1000000 * 1000};
  nanosleep(&time, NULL);
}

// LMDB writes its last page to a file opened so, instead of calling fdatasync() once more.
static void delay_if_synchronous(int file) {
  const int flags = fcntl(file, F_GETFL);
  if (flags >= 0 && (flags & O_DSYNC) != 0) delay();
}

int fdatasync(int file) {
  int (*real)(int) = NULL;
  *(void**)&real = dlsym(RTLD_NEXT, "fdatasync");
  const int result = real(file);
  delay();
  return result;
}

ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  ssize_t (*real)(int, const void*, size_t, off_t) = NULL;
  *(void**)&real = dlsym(RTLD_NEXT, "pwrite");
  const ssize_t result = real(file, bytes, size, offset);
  delay_if_synchronous(file);
  return result;
}
