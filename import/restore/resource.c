/* SPDX-License-Identifier: Apache-2.0 */
#include "import/restore/resource.h"

#include <stdint.h>

/* Where the text goes on behind `prefix`. */
typedef struct Text {
    Slice prefix;
    Slice name;
    Slice end;
} Text;

static size_t text_size(const Text *text)
{
    return text->prefix.size + text->name.size + text->end.size;
}

static uint8_t text_at(const Text *text, size_t i)
{
    if (i < text->prefix.size) {
        return text->prefix.data[i];
    }
    i -= text->prefix.size;
    return i < text->name.size ? text->name.data[i] : text->end.data[i - text->name.size];
}

/*
 * Matches greedily, going back to the latest "*" where that fails.  `open`: any text may follow
 * this one, so a pattern that goes on when the text has ended matches, too.
 */
static bool matches(Slice pattern, const Text *text, bool open)
{
    size_t size = text_size(text);
    size_t p = 0;
    size_t t = 0;
    size_t star = SIZE_MAX; /* behind the latest "*" */
    size_t star_text = 0;   /* what it stands for ends here */

    while (t < size) {
        if (p < pattern.size && pattern.data[p] == '*') {
            star = ++p;
            star_text = t;
        } else if (p < pattern.size &&
                   (pattern.data[p] == '?' || pattern.data[p] == text_at(text, t))) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star;
            t = ++star_text;
        } else {
            return false;
        }
    }
    if (open) {
        return true;
    }
    while (p < pattern.size && pattern.data[p] == '*') {
        p++;
    }
    return p == pattern.size;
}

static bool matches_name(Slice pattern, const char *prefix, Slice name)
{
    const Text itself = {slice_text(prefix), name, {0}};
    const Text below = {slice_text(prefix), name, slice_text("/")};

    return matches(pattern, &itself, false) || matches(pattern, &below, true);
}

bool resource_matches(Slice pattern, Slice name)
{
    return matches_name(pattern, "", name);
}

bool resource_refers(Slice pattern, Slice repository_id, Slice storage_namespace)
{
    static const char *const OF_REPOSITORY[] = {
        "arn:lakefs:fs:::repository/", "arn:lakefs:catalog:::namespace/",
        "arn:lakefs:catalog:::table/", "arn:lakefs:catalog:::view/"};

    for (size_t i = 0; i < sizeof OF_REPOSITORY / sizeof OF_REPOSITORY[0]; i++) {
        if (matches_name(pattern, OF_REPOSITORY[i], repository_id)) {
            return true;
        }
    }
    return matches_name(pattern, "arn:lakefs:fs:::namespace/", storage_namespace);
}
