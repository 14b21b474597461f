/* SPDX-License-Identifier: Apache-2.0 */
#include "common/cli/message.h"

#include "common/base/printable.h"
#include "common/base/slice.h"
#include "common/base/utf8.h"
#include "common/cli/color.h"
#include "common/cli/status_line.h"

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

static pthread_mutex_t terminal_mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the status line */

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

/* Formats the time in whole seconds, without a zone; "" when that fails. */
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
    fprintf(stderr, "%s%s\n", status_line_erase(), line);
    fputs(status_line_draw(), stderr);
    pthread_mutex_unlock(&terminal_mutex);
}

/* Indentation of the further lines of a text, so that they do not look like messages. */
enum { FURTHER_LINES_INDENT = 4 };

/* Enough digits for times in milliseconds. */
enum { JSON_FLAGS = JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(12) };

/* Encodes the object and escapes DEL, which jansson does not. */
static char *dump_json(const json_t *object)
{
    char *dumped = object == NULL ? NULL : json_dumps(object, JSON_FLAGS);
    Buffer line = {0};
    Error ignored;
    char *text = NULL;

    if (dumped != NULL && printable_append_json(&line, slice_text(dumped), &ignored)) {
        text = buffer_take(&line, &ignored);
    }
    free(dumped);
    buffer_free(&line);
    return text;
}

/* Makes a JSON string, also from text that is not UTF-8; NULL when out of memory. */
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

void message_json(json_t *object)
{
    char *line = dump_json(object);

    json_decref(object);
    if (line != NULL) {
        message_line(line);
        free(line);
    } else {
        message_line("{\"level\":\"error\",\"message\":\"out of memory\"}");
    }
}

static void write_json(const char *level, const char *message, const char *detail, const char *hint)
{
    char now[MESSAGE_NOW_SIZE];
    json_t *object;

    message_now(now);
    object = json_pack("{s:s, s:s, s:s, s:o}", "time", now, "level", level, "program", program_name,
                       "message", json_text(message));
    if (object != NULL && detail[0] != '\0') {
        json_object_set_new(object, "detail", json_text(detail));
    }
    if (object != NULL && hint[0] != '\0') {
        json_object_set_new(object, "hint", json_text(hint));
    }
    message_json(object);
}

/* Appends a colored label and a colon. */
static bool append_label(Buffer *text, Color color, bool has_color, const char *label, Error *error)
{
    return buffer_append_format(text, error, "%s%s:%s ", has_color ? color_begin(color) : "", label,
                                has_color ? color_end(color) : "");
}

/* Appends a detail or hint, unless empty. */
static bool append_note(Buffer *text, const char *label, const char *note, Error *error)
{
    return note[0] == '\0' ||
           (append_label(text, COLOR_NOTE, true, label, error) &&
            printable_append_lines(text, slice_text(note), FURTHER_LINES_INDENT, error) &&
            buffer_append_text(text, "\n", error));
}

static bool append_message(Buffer *text, const char *level, const char *message, const char *detail,
                           const char *hint, Error *error)
{
    bool is_warning = strcmp(level, "warning") == 0;
    bool has_color = strcmp(level, "info") != 0 && strcmp(level, "debug") != 0;

    return append_label(text, COLOR_LOCUS, true, program_name, error) &&
           append_label(text, is_warning ? COLOR_WARNING : COLOR_ERROR, has_color, level, error) &&
           printable_append(text, slice_text(message), error) &&
           buffer_append_text(text, "\n", error) && append_note(text, "detail", detail, error) &&
           append_note(text, "hint", hint, error);
}

/* When out of memory: prints the message only, with all but plain ASCII replaced. */
static void write_plain(const char *level, const char *message)
{
    fprintf(stderr, "%s: %s: ", program_name, level);
    for (; *message != '\0'; message++) {
        fputc(*message >= ' ' && *message <= '~' ? *message : '?', stderr);
    }
    fputc('\n', stderr);
}

/* Writes in one call, as other programs may write to the same terminal. */
static void write_text(const char *level, const char *message, const char *detail, const char *hint)
{
    Buffer text = {0};
    Error ignored;

    pthread_mutex_lock(&terminal_mutex);
    if (buffer_append_text(&text, status_line_erase(), &ignored) &&
        append_message(&text, level, message, detail, hint, &ignored) &&
        buffer_append_text(&text, status_line_draw(), &ignored)) {
        fwrite(text.data, 1, text.size, stderr);
    } else {
        write_plain(level, message);
    }
    pthread_mutex_unlock(&terminal_mutex);
    buffer_free(&text);
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
    if (error->code == EXIT_CODE_BROKEN_PIPE) {
        return; /* end silently, like any filter */
    }
    write_message("error", error->message, error->detail, error->hint);
}

void message_warning_error(const Error *warning)
{
    write_message("warning", warning->message, warning->detail, warning->hint);
}

void message_event(const char *message, const char *detail, const char *hint, const char *json_line)
{
    if (json_lines) {
        message_line(json_line);
    } else {
        write_text("event", message, detail, hint);
    }
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
    fputs(status_line_erase(), stderr);
    status_line_set(line);
    fputs(status_line_draw(), stderr);
    pthread_mutex_unlock(&terminal_mutex);
}
