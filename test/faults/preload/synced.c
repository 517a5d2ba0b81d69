/* Loaded before the gateway by the test of F16: notes after each fsync how long the file was when it began, "size path" a line
   in $FARCALL_SYNCED. What lies behind is what a loss of power may take. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int noted = -1;

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("FARCALL_SYNCED");
  if (path != NULL) noted = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  unsetenv("LD_PRELOAD"); /* its children are not what this is about */
}

static int synced(int fd, const char *name) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  struct stat before;
  char link[64], path[PATH_MAX], line[PATH_MAX + 32];
  int known = fstat(fd, &before) == 0;
  int result = real(fd);
  if (result != 0 || !known || noted < 0) return result;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return result;
  path[length] = 0;
  int size = snprintf(line, sizeof line, "%lld %s\n", (long long)before.st_size, path);
  if (write(noted, line, (size_t)size) != size) abort();
  return result;
}

int fsync(int fd) { return synced(fd, "fsync"); }
int fdatasync(int fd) { return synced(fd, "fdatasync"); }
