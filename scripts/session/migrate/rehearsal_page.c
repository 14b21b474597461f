/* SPDX-License-Identifier: Apache-2.0 */
#include "scripts/session/migrate/html.h"
#include "scripts/session/migrate/rehearsal_report.h"

#include <string.h>

/* Everything is in the file, and the policy lets a browser load nothing. */
static const char HEAD[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>Rehearsal of a migration</title>\n"
    "<style>\n"
    "body { font: 15px/1.5 system-ui, sans-serif; color: #1c2430; background: #f4f6f8;"
    " max-width: 58rem; margin: 0 auto; padding: 1.5rem; }\n"
    "h1 { font-size: 1.5rem; margin: 0 0 .7rem; }\n"
    "h2 { font-size: 1.05rem; margin: 0 0 .4rem; }\n"
    ".verdict { padding: .7rem 1rem; border-radius: 6px; font-weight: 600; margin-bottom: 1rem;"
    " border-left: 6px solid; }\n"
    ".good { background: #e3f4e8; border-color: #2c8a4b; }\n"
    ".bad { background: #fbe6e4; border-color: #c03a2b; }\n"
    "section { background: #fff; border: 1px solid #dde3ea; border-radius: 6px;"
    " padding: .8rem 1rem; margin-bottom: .8rem; }\n"
    "table { border-collapse: collapse; width: 100%; }\n"
    "th { text-align: left; font-weight: 500; color: #56637a; width: 11rem; }\n"
    "th, td { vertical-align: top; padding: .12rem .8rem .12rem 0; white-space: pre-wrap;"
    " overflow-wrap: anywhere; }\n"
    "td.time { width: 8rem; }\n"
    ".bar { background: #5b8def; height: .7rem; margin-top: .4rem; border-radius: 3px;"
    " min-width: 1px; }\n"
    ".note { color: #56637a; margin: .4rem 0 0; font-size: .9rem; }\n"
    "code { display: block; background: #f0f2f5; padding: .2rem .5rem; border-radius: 4px; }\n"
    "</style>\n"
    "</head>\n"
    "<body>\n"
    "<h1>Rehearsal of a migration to lakeFS&#39;s KV store</h1>\n";

static bool append_text(Buffer *page, const json_t *text, Error *error)
{
    const char *value = json_string_value(text);

    return value == NULL || html_append(page, slice_text(value), error);
}

/* The first line, and the others as commands to copy. */
static bool append_value(Buffer *page, const char *text, Error *error)
{
    size_t size = strcspn(text, "\n");

    return html_append(page, slice_of(text, size), error) &&
           (text[size] == '\0' || (buffer_append_text(page, "<code>", error) &&
                                   html_append(page, slice_text(text + size + 1), error) &&
                                   buffer_append_text(page, "</code>", error)));
}

static bool append_row(Buffer *page, const json_t *row, Error *error)
{
    const char *text = json_string_value(json_array_get(row, 1));
    const json_t *share = json_array_get(row, 2);
    bool done =
        buffer_append_text(page, "<tr><th scope=\"row\">", error) &&
        append_text(page, json_array_get(row, 0), error) &&
        buffer_append_text(page, share == NULL ? "</th><td>" : "</th><td class=\"time\">", error) &&
        append_value(page, text == NULL ? "" : text, error);

    return done &&
           (share == NULL ||
            buffer_append_format(page, error,
                                 "</td><td><div class=\"bar\" style=\"width: %d%%\">"
                                 "</div>",
                                 (int)(json_number_value(share) * 100))) &&
           buffer_append_text(page, "</td></tr>\n", error);
}

static bool append_section(Buffer *page, const json_t *section, Error *error)
{
    const json_t *rows = json_object_get(section, "rows");
    const json_t *note = json_object_get(section, "note");
    bool done = buffer_append_text(page, "<section>\n<h2>", error) &&
                append_text(page, json_object_get(section, "title"), error) &&
                buffer_append_text(page, "</h2>\n<table>\n", error);

    for (size_t i = 0; done && i < json_array_size(rows); i++) {
        done = append_row(page, json_array_get(rows, i), error);
    }
    return done && buffer_append_text(page, "</table>\n", error) &&
           (note == NULL ||
            (buffer_append_text(page, "<p class=\"note\">", error) &&
             append_text(page, note, error) && buffer_append_text(page, "</p>\n", error))) &&
           buffer_append_text(page, "</section>\n", error);
}

bool rehearsal_append_page(const json_t *report, Buffer *page, Error *error)
{
    json_t *sections = rehearsal_sections(report);
    bool good = json_integer_value(json_object_get(report, "exit_code")) == 0;
    bool done =
        buffer_append_text(page, HEAD, error) &&
        buffer_append_format(page, error, "<p class=\"verdict %s\">", good ? "good" : "bad") &&
        html_append(page, slice_text(rehearsal_verdict(report)), error) &&
        buffer_append_text(page, "</p>\n", error);

    for (size_t i = 0; done && i < json_array_size(sections); i++) {
        done = append_section(page, json_array_get(sections, i), error);
    }
    json_decref(sections);
    return done && buffer_append_text(page, "</body>\n</html>\n", error);
}
