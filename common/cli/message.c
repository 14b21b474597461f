#include "common/cli/message.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char *program_name = "kv";
static MessageLevel current_level = MESSAGE_NORMAL;
static bool json_lines;

void message_init(const char *program)
{
    program_name = program;
}

void message_set_level(MessageLevel level)
{
    current_level = level;
}

MessageLevel message_level(void)
{
    return current_level;
}

void message_set_json(bool json)
{
    json_lines = json;
}

/* One call of fprintf a line, so that lines of several threads do not mix. */
static void write_json(const char *level, const char *message, const char *detail, const char *hint)
{
    char now[32] = "";
    struct tm utc;
    time_t seconds = time(NULL);
    json_t *object;
    char *line = NULL;

    if (gmtime_r(&seconds, &utc) != NULL) {
        strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    object = json_pack("{s:s, s:s, s:s, s:s}", "time", now, "level", level, "program", program_name,
                       "message", message);
    if (object != NULL && detail[0] != '\0') {
        json_object_set_new(object, "detail", json_string(detail));
    }
    if (object != NULL && hint[0] != '\0') {
        json_object_set_new(object, "hint", json_string(hint));
    }
    line = object == NULL ? NULL : json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(object);
    if (line != NULL) {
        fprintf(stderr, "%s\n", line);
        free(line);
    } else {
        /* Bytes that are no UTF-8, or no memory: the words matter more than their form. */
        fprintf(stderr, "%s: %s: %s\n", program_name, level, message);
    }
}

static void write_message(const char *level, const char *message, const char *detail,
                          const char *hint)
{
    if (json_lines) {
        write_json(level, message, detail, hint);
        return;
    }
    fprintf(stderr, "%s: %s: %s\n%s%s%s%s%s%s", program_name, level, message,
            detail[0] != '\0' ? "detail: " : "", detail, detail[0] != '\0' ? "\n" : "",
            hint[0] != '\0' ? "hint: " : "", hint, hint[0] != '\0' ? "\n" : "");
}

void message_error(const Error *error)
{
    write_message("error", error->message, error->detail, error->hint);
}

#define WRITE_FORMATTED(level, format)                                                             \
    do {                                                                                           \
        char text[2048];                                                                           \
        va_list arguments;                                                                         \
        va_start(arguments, format);                                                               \
        vsnprintf(text, sizeof text, format, arguments);                                           \
        va_end(arguments);                                                                         \
        write_message(level, text, "", "");                                                        \
    } while (0)

void message_warning(const char *format, ...)
{
    WRITE_FORMATTED("warning", format);
}

void message_info(const char *format, ...)
{
    if (current_level >= MESSAGE_NORMAL) {
        WRITE_FORMATTED("info", format);
    }
}

void message_verbose(const char *format, ...)
{
    if (current_level >= MESSAGE_VERBOSE) {
        WRITE_FORMATTED("info", format);
    }
}
