/*
 * usage: latency FOLDER MICROSECONDS MOUNTPOINT [FUSE OPTION]...
 * Shows a folder under another name, where each request takes a while longer, as on a volume behind a network. Requests of
 * several clients wait side by side. Attributes and names are cached for three seconds, as an NFS client does by default.
 */
#define FUSE_USE_VERSION 31
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

static const char *folder;
static struct timespec delay;

/* Every operation begins with this. */
#define AT(path) \
  char at[PATH_MAX]; \
  nanosleep(&delay, NULL); \
  snprintf(at, sizeof at, "%s%s", folder, path)
#define RESULT(call) return (call) == -1 ? -errno : 0

/* What a client makes belongs to it. */
static int give(const char *at) {
  struct fuse_context *client = fuse_get_context();
  RESULT(lchown(at, client->uid, client->gid));
}

static void *begin(struct fuse_conn_info *connection, struct fuse_config *config) {
  (void)connection;
  config->entry_timeout = config->attr_timeout = 3;
  config->use_ino = 1;
  config->nullpath_ok = 0;
  return NULL;
}
static int get_attributes(const char *path, struct stat *into, struct fuse_file_info *file) {
  (void)file;
  AT(path);
  RESULT(lstat(at, into));
}
static int read_link(const char *path, char *into, size_t size) {
  AT(path);
  ssize_t length = readlink(at, into, size - 1);
  if (length == -1) return -errno;
  into[length] = 0;
  return 0;
}
static int make_folder(const char *path, mode_t mode) {
  AT(path);
  return mkdir(at, mode) == -1 ? -errno : give(at);
}
static int remove_file(const char *path) {
  AT(path);
  RESULT(unlink(at));
}
static int remove_folder(const char *path) {
  AT(path);
  RESULT(rmdir(at));
}
static int make_symlink(const char *target, const char *path) {
  AT(path);
  return symlink(target, at) == -1 ? -errno : give(at);
}
static int move(const char *from, const char *path, unsigned int flags) {
  AT(path);
  char source[PATH_MAX];
  snprintf(source, sizeof source, "%s%s", folder, from);
  RESULT(renameat2(AT_FDCWD, source, AT_FDCWD, at, flags));
}
static int make_link(const char *from, const char *path) {
  AT(path);
  char source[PATH_MAX];
  snprintf(source, sizeof source, "%s%s", folder, from);
  RESULT(link(source, at));
}
static int change_mode(const char *path, mode_t mode, struct fuse_file_info *file) {
  (void)file;
  AT(path);
  RESULT(chmod(at, mode));
}
static int change_owner(const char *path, uid_t user, gid_t group, struct fuse_file_info *file) {
  (void)file;
  AT(path);
  RESULT(lchown(at, user, group));
}
static int cut(const char *path, off_t size, struct fuse_file_info *file) {
  (void)file;
  AT(path);
  RESULT(truncate(at, size));
}
static int set_times(const char *path, const struct timespec times[2], struct fuse_file_info *file) {
  (void)file;
  AT(path);
  RESULT(utimensat(AT_FDCWD, at, times, AT_SYMLINK_NOFOLLOW));
}
static int open_file(const char *path, struct fuse_file_info *file) {
  AT(path);
  int descriptor = open(at, file->flags);
  if (descriptor == -1) return -errno;
  file->fh = descriptor;
  return 0;
}
static int make_file(const char *path, mode_t mode, struct fuse_file_info *file) {
  AT(path);
  int descriptor = open(at, file->flags | O_CREAT, mode);
  if (descriptor == -1) return -errno;
  file->fh = descriptor;
  return give(at);
}
static int read_file(const char *path, char *into, size_t size, off_t offset, struct fuse_file_info *file) {
  AT(path);
  ssize_t done = pread(file->fh, into, size, offset);
  return done == -1 ? -errno : done;
}
static int write_file(const char *path, const char *from, size_t size, off_t offset, struct fuse_file_info *file) {
  AT(path);
  ssize_t done = pwrite(file->fh, from, size, offset);
  return done == -1 ? -errno : done;
}
static int measure(const char *path, struct statvfs *into) {
  AT(path);
  RESULT(statvfs(at, into));
}
static int close_file(const char *path, struct fuse_file_info *file) {
  (void)path;
  RESULT(close(file->fh));
}
static int sync_file(const char *path, int data, struct fuse_file_info *file) {
  AT(path);
  RESULT(data ? fdatasync(file->fh) : fsync(file->fh));
}
static int read_folder(const char *path, void *into, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *file, enum fuse_readdir_flags flags) {
  (void)offset, (void)file, (void)flags;
  AT(path);
  DIR *entries = opendir(at);
  if (!entries) return -errno;
  for (struct dirent *entry; (entry = readdir(entries));) {
    struct stat known = {.st_ino = entry->d_ino, .st_mode = (mode_t)entry->d_type << 12};
    if (fill(into, entry->d_name, &known, 0, 0)) break;
  }
  closedir(entries);
  return 0;
}

static const struct fuse_operations operations = {
  .init = begin, .getattr = get_attributes, .readlink = read_link, .mkdir = make_folder, .unlink = remove_file,
  .rmdir = remove_folder, .symlink = make_symlink, .rename = move, .link = make_link, .chmod = change_mode,
  .chown = change_owner, .truncate = cut, .utimens = set_times, .open = open_file, .create = make_file,
  .read = read_file, .write = write_file, .statfs = measure, .release = close_file, .fsync = sync_file,
  .readdir = read_folder,
};

int main(int count, char *arguments[]) {
  if (count < 4) return fprintf(stderr, "usage: %s FOLDER MICROSECONDS MOUNTPOINT [FUSE OPTION]...\n", arguments[0]), 2;
  folder = arguments[1];
  delay.tv_nsec = atol(arguments[2]) * 1000;
  umask(0);
  arguments[2] = arguments[0];
  return fuse_main(count - 2, arguments + 2, &operations, NULL);
}
