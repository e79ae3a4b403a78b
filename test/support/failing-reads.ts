/** A disk that fails to read, for a process of its own. */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createTemporaryFolder } from "./temporary-folder.ts";

/** Reads of a file that FAILING_READS names, from and to a place in it, give EIO as long as there is a file with ".failing" behind its name. */
const source = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
static int fails(int fd, off_t at, size_t count) {
  char link[64], path[4096], mark[4200], *wanted = getenv("FAILING_READS");
  if (!wanted) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  snprintf(mark, sizeof mark, "%s.failing", path);
  if (strcmp(path, wanted) || access(mark, F_OK)) return 0;
  long from = atol(getenv("FAILING_FROM")), to = atol(getenv("FAILING_TO"));
  return at + (off_t)count > from && at < to;
}
#define READ(name, parameters, at, arguments) \\
  ssize_t name parameters { \\
    static ssize_t (*real) parameters; \\
    if (!real) real = dlsym(RTLD_NEXT, #name); \\
    if (fails(fd, at, count)) { errno = EIO; return -1; } \\
    return real arguments; \\
  }
READ(pread64, (int fd, void *to, size_t count, off_t at), at, (fd, to, count, at))
READ(pread, (int fd, void *to, size_t count, off_t at), at, (fd, to, count, at))
READ(read, (int fd, void *to, size_t count), lseek(fd, 0, SEEK_CUR), (fd, to, count))
READ(sendfile, (int out, int fd, off_t *at, size_t count), at ? *at : 0, (out, fd, at, count))
READ(sendfile64, (int out, int fd, off_t *at, size_t count), at ? *at : 0, (out, fd, at, count))
/* Node copies a file by this one's number. */
long copy(long, long, long, long, long, long, long) __asm__("syscall");
long copy(long number, long a, long b, long c, long d, long e, long f) {
  static long (*real)(long, ...);
  if (!real) real = dlsym(RTLD_NEXT, "syscall");
  if (number == SYS_copy_file_range && fails((int)a, b ? *(off_t *)b : 0, (size_t)e)) { errno = EIO; return -1; }
  return real(number, a, b, c, d, e, f);
}
READ(copy_file_range, (int fd, off_t *at, int out, off_t *to, size_t count, unsigned flags), at ? *at : 0, (fd, at, out, to, count, flags))
`;

/** Where reading fails, in bytes. */
export interface FailingReads {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

/** Environment of a process for which reads of `path` fail while `<path>.failing` is there; null where nobody can compile it. */
export function failReads({ path, from, to }: FailingReads): Readonly<Record<string, string>> | null {
  const folder = createTemporaryFolder();
  const [code, library] = [join(folder, "failing-reads.c"), join(folder, "failing-reads.so")];
  writeFileSync(code, source);
  try {
    execFileSync("cc", ["-shared", "-fPIC", "-o", library, code, "-ldl"], { stdio: "ignore" });
  } catch {
    return null;
  }
  return {
    LD_PRELOAD: library,
    FAILING_READS: path,
    FAILING_FROM: String(from),
    FAILING_TO: String(to),
  };
}
