/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/migrations.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char SUFFIX[] = ".up.sql";

/* Whether a file name is that of a migration; *number is its number. */
static bool is_migration(const char *name, int64_t *number)
{
    size_t size = strlen(name);
    char *end;

    if (name[0] < '0' || name[0] > '9' || size < sizeof SUFFIX ||
        strcmp(name + size - (sizeof SUFFIX - 1), SUFFIX) != 0) {
        return false;
    }
    errno = 0;
    *number = strtoll(name, &end, 10);
    return errno == 0 && *end == '_' && *number < INT64_MAX;
}

static bool add(Migrations *migrations, const char *folder, const char *name, int64_t number,
                Error *error)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    Migration *items =
        realloc(migrations->items, (migrations->count + 1) * sizeof *migrations->items);
    char *path = malloc(size);

    if (items != NULL) {
        migrations->items = items;
    }
    if (items == NULL || path == NULL) {
        free(path);
        return error_out_of_memory(error);
    }
    snprintf(path, size, "%s/%s", folder, name);
    items[migrations->count++] =
        (Migration){.number = number, .path = path, .name = path + strlen(folder) + 1};
    return true;
}

static bool add_file(Migrations *migrations, const char *folder, const char *name, Error *error)
{
    struct stat status;
    int64_t number;

    if (!is_migration(name, &number)) {
        return true;
    }
    if (!add(migrations, folder, name, number, error)) {
        return false;
    }
    if (stat(migrations->items[migrations->count - 1].path, &status) != 0 ||
        !S_ISREG(status.st_mode)) {
        free(migrations->items[--migrations->count].path);
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    const Migration *x = a;
    const Migration *y = b;

    return x->number != y->number ? (x->number < y->number ? -1 : 1) : strcmp(x->name, y->name);
}

static bool check(Migrations *migrations, const char *folder, Error *error)
{
    if (migrations->count == 0) {
        return error_set(error, EXIT_CODE_USAGE,
                         "folder \"%s\" holds no migrations (NUMBER_title.up.sql)", folder);
    }
    qsort(migrations->items, migrations->count, sizeof *migrations->items, by_number);
    for (size_t i = 1; i < migrations->count; i++) {
        if (migrations->items[i - 1].number == migrations->items[i].number) {
            return error_set(error, EXIT_CODE_USAGE,
                             "two migrations have the number %lld: %s and %s",
                             (long long)migrations->items[i].number, migrations->items[i - 1].name,
                             migrations->items[i].name);
        }
    }
    return true;
}

bool migrations_find(Migrations *migrations, const char *folder, Error *error)
{
    DIR *directory = opendir(folder);
    const struct dirent *entry;
    bool done = true;

    *migrations = (Migrations){0};
    if (directory == NULL) {
        error_set(error, EXIT_CODE_USAGE, "there is no migrations folder \"%s\": %s", folder,
                  strerror(errno));
        return error_hint(error, "Name it with --migrations.");
    }
    while (done && (entry = readdir(directory)) != NULL) {
        done = add_file(migrations, folder, entry->d_name, error);
    }
    closedir(directory);
    return done && check(migrations, folder, error);
}

int64_t migrations_last(const Migrations *migrations)
{
    return migrations->items[migrations->count - 1].number;
}

int64_t migrations_kv(const Migrations *migrations)
{
    return migrations_last(migrations) + 1;
}

bool migrations_has(const Migrations *migrations, int64_t number)
{
    for (size_t i = 0; i < migrations->count; i++) {
        if (migrations->items[i].number == number) {
            return true;
        }
    }
    return false;
}

static bool read_all(FILE *file, char **text, size_t *size, Error *error)
{
    size_t capacity = 0;

    do {
        char *larger = realloc(*text, capacity + 65536);

        if (larger == NULL) {
            return error_out_of_memory(error);
        }
        *text = larger;
        capacity += 65536;
        *size += fread(*text + *size, 1, capacity - 1 - *size, file);
        (*text)[*size] = '\0';
    } while (*size == capacity - 1);
    return true;
}

char *migration_read(const Migration *migration, Error *error)
{
    FILE *file = fopen(migration->path, "r");
    char *text = NULL;
    size_t size = 0;
    bool done;

    if (file == NULL) {
        error_set(error, EXIT_CODE_USAGE, "could not open \"%s\": %s", migration->path,
                  strerror(errno));
        return NULL;
    }
    done = read_all(file, &text, &size, error);
    if (done && ferror(file)) {
        done = error_set(error, EXIT_CODE_USAGE, "could not read \"%s\"", migration->path);
    } else if (done && strlen(text) != size) {
        done = error_set(error, EXIT_CODE_USAGE, "\"%s\" holds a NUL byte", migration->path);
    }
    fclose(file);
    if (!done) {
        free(text);
        return NULL;
    }
    return text;
}

void migrations_free(Migrations *migrations)
{
    for (size_t i = 0; i < migrations->count; i++) {
        free(migrations->items[i].path);
    }
    free(migrations->items);
    *migrations = (Migrations){0};
}
