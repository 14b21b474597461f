/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/replay/descriptors.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

static void for_all(bool close_them, int except)
{
    DIR *list = opendir("/proc/self/fd");
    const struct dirent *entry;

    if (list == NULL) {
        return;
    }
    while ((entry = readdir(list)) != NULL) {
        int descriptor = atoi(entry->d_name);

        if (descriptor <= STDERR_FILENO || descriptor == dirfd(list) || descriptor == except) {
            continue;
        }
        if (close_them) {
            close(descriptor);
        } else {
            fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        }
    }
    closedir(list);
}

void descriptors_keep(void)
{
    for_all(false, -1);
}

void descriptors_close(int except)
{
    for_all(true, except);
}
