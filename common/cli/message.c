#include "common/cli/message.h"

#include "common/base/slice.h"
#include "common/base/utf8.h"
#include "common/cli/color.h"

#include <jansson.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *program_name = "kv";
static MessageLevel current_level = MESSAGE_NORMAL;
static bool json_lines;

/* The line that stands at the bottom of the terminal, "" when none does. */
static pthread_mutex_t terminal_mutex = PTHREAD_MUTEX_INITIALIZER;
static char status_line[256];

/* To the beginning of the line, and clear it. */
static const char CLEAR_LINE[] = "\r\033[K";

void message_init(const char *program)
{
    program_name = program;
    color_init();
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

const char *message_program(void)
{
    return program_name;
}

bool message_is_json(void)
{
    return json_lines;
}

bool message_is_terminal(void)
{
    const char *terminal = getenv("TERM");

    return isatty(STDERR_FILENO) && (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

/* The time up to its whole seconds, without a zone; "" when it cannot be told. */
static void format_seconds(time_t seconds, char text[MESSAGE_NOW_SIZE])
{
    struct tm utc;

    text[0] = '\0';
    if (gmtime_r(&seconds, &utc) != NULL) {
        strftime(text, MESSAGE_NOW_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
    }
}

void message_now(char text[MESSAGE_NOW_SIZE])
{
    enum { NANOSECONDS_OF_A_MILLISECOND = 1000000 };
    struct timespec now;
    size_t used;

    clock_gettime(CLOCK_REALTIME, &now);
    format_seconds(now.tv_sec, text);
    used = strlen(text);
    snprintf(text + used, MESSAGE_NOW_SIZE - used, ".%03dZ",
             (int)(now.tv_nsec / NANOSECONDS_OF_A_MILLISECOND));
}

void message_now_seconds(char text[MESSAGE_NOW_SIZE])
{
    size_t used;

    format_seconds(time(NULL), text);
    used = strlen(text);
    snprintf(text + used, MESSAGE_NOW_SIZE - used, "Z");
}

void message_line(const char *line)
{
    pthread_mutex_lock(&terminal_mutex);
    fprintf(stderr, "%s%s\n%s", status_line[0] != '\0' ? CLEAR_LINE : "", line, status_line);
    pthread_mutex_unlock(&terminal_mutex);
}

/* A JSON string, also of text that is not UTF-8; NULL when out of memory. */
static json_t *json_text(const char *text)
{
    Slice bytes = slice_text(text);
    json_t *string = json_string(text);
    char *replaced;

    if (string == NULL && (replaced = malloc(utf8_replaced_bound(bytes.size))) != NULL) {
        utf8_replace(bytes, replaced);
        string = json_string(replaced);
        free(replaced);
    }
    return string;
}

static void write_json(const char *level, const char *message, const char *detail, const char *hint)
{
    char now[MESSAGE_NOW_SIZE];
    json_t *object;
    char *line = NULL;

    message_now(now);
    object = json_pack("{s:s, s:s, s:s, s:o}", "time", now, "level", level, "program", program_name,
                       "message", json_text(message));
    if (object != NULL && detail[0] != '\0') {
        json_object_set_new(object, "detail", json_text(detail));
    }
    if (object != NULL && hint[0] != '\0') {
        json_object_set_new(object, "hint", json_text(hint));
    }
    line = object == NULL ? NULL : json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(object);
    if (line != NULL) {
        message_line(line);
        free(line);
    } else {
        message_line("{\"level\":\"error\",\"message\":\"out of memory\"}");
    }
}

/* A further line of a message, where it has a text. */
static void write_note(const char *label, const char *text)
{
    if (text[0] != '\0') {
        fprintf(stderr, "%s%s:%s %s\n", color_begin(COLOR_NOTE), label, color_end(COLOR_NOTE),
                text);
    }
}

static void write_text(const char *level, const char *message, const char *detail, const char *hint)
{
    bool has_color = true;
    Color color = COLOR_ERROR;

    if (strcmp(level, "warning") == 0) {
        color = COLOR_WARNING;
    } else if (strcmp(level, "error") != 0) {
        has_color = false;
    }
    pthread_mutex_lock(&terminal_mutex);
    fprintf(stderr, "%s%s%s:%s %s%s:%s %s\n", status_line[0] != '\0' ? CLEAR_LINE : "",
            color_begin(COLOR_LOCUS), program_name, color_end(COLOR_LOCUS),
            has_color ? color_begin(color) : "", level, has_color ? color_end(color) : "", message);
    write_note("detail", detail);
    write_note("hint", hint);
    fputs(status_line, stderr);
    pthread_mutex_unlock(&terminal_mutex);
}

static void write_message(const char *level, const char *message, const char *detail,
                          const char *hint)
{
    if (json_lines) {
        write_json(level, message, detail, hint);
    } else {
        write_text(level, message, detail, hint);
    }
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

void message_debug(const char *text)
{
    if (current_level >= MESSAGE_DEBUG) {
        write_message("debug", text, "", "");
    }
}

void message_status(const char *line)
{
    pthread_mutex_lock(&terminal_mutex);
    if (status_line[0] != '\0' || line[0] != '\0') {
        fprintf(stderr, "%s%s", CLEAR_LINE, line);
    }
    snprintf(status_line, sizeof status_line, "%s", line);
    pthread_mutex_unlock(&terminal_mutex);
}
