#include "scripts/session/migrate/lakefs_config.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

enum { DEPTH_MAX = 32, KEY_MAX = 512 };

/* Where in the document the parser is: the key so far, and for each mapping that is open where the
 * key of its members begins. */
typedef struct Place {
    char key[KEY_MAX];
    size_t begins[DEPTH_MAX];
    int depth;
    int lists;       /* lists that are open: nothing in them counts */
    bool expect_key; /* the next scalar of the mapping is a key */
} Place;

static bool too_deep(Error *error)
{
    return error_set(error, EXIT_CODE_USAGE, "the configuration is nested too deeply");
}

/* Puts a member's name behind the key of its mapping. */
static bool set_key(Place *place, const char *name, Error *error)
{
    size_t begin = place->begins[place->depth - 1];
    int used = snprintf(place->key + begin, KEY_MAX - begin, "%s%s", begin > 0 ? "." : "", name);

    if (used < 0 || (size_t)used >= KEY_MAX - begin) {
        return too_deep(error);
    }
    for (char *p = place->key + begin; *p != '\0'; p++) {
        *p = (char)tolower((unsigned char)*p);
    }
    return true;
}

static bool take_scalar(Place *place, const char *text, LakefsSettingFunction *found, void *state,
                        Error *error)
{
    if (place->lists > 0 || place->depth == 0) {
        return true;
    }
    if (place->expect_key) {
        place->expect_key = false;
        return set_key(place, text, error);
    }
    place->expect_key = true;
    return found(state, place->key, text, error);
}

/* One event of the parser. */
static bool take_event(Place *place, const yaml_event_t *event, LakefsSettingFunction *found,
                       void *state, Error *error)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(place, (const char *)event->data.scalar.value, found, state, error);
    case YAML_ALIAS_EVENT:
        place->expect_key = true;
        return true;
    case YAML_SEQUENCE_START_EVENT:
        place->lists++;
        return true;
    case YAML_SEQUENCE_END_EVENT:
        place->lists--;
        place->expect_key = place->lists == 0 ? true : place->expect_key;
        return true;
    case YAML_MAPPING_START_EVENT:
        if (place->lists > 0) {
            place->lists++; /* a mapping in a list counts as little */
            return true;
        }
        if (place->depth == DEPTH_MAX) {
            return too_deep(error);
        }
        place->begins[place->depth] = place->depth == 0 ? 0 : strlen(place->key);
        place->depth++;
        place->expect_key = true;
        return true;
    case YAML_MAPPING_END_EVENT:
        if (place->lists > 0) {
            place->lists--;
            return true;
        }
        place->depth--;
        place->key[place->begins[place->depth]] = '\0';
        place->expect_key = true;
        return true;
    default:
        return true;
    }
}

static bool parse(yaml_parser_t *parser, const char *path, LakefsSettingFunction *found,
                  void *state, Error *error)
{
    Place place = {.key = ""};
    bool end = false;
    bool done = true;

    while (done && !end) {
        yaml_event_t event;

        if (yaml_parser_parse(parser, &event) != 1) {
            /* Not what is there: it may be a password. */
            return error_set(error, EXIT_CODE_USAGE, "configuration \"%s\", line %zu: %s", path,
                             parser->problem_mark.line + 1,
                             parser->problem == NULL ? "not valid YAML" : parser->problem);
        }
        end = event.type == YAML_STREAM_END_EVENT || event.type == YAML_DOCUMENT_END_EVENT;
        done = take_event(&place, &event, found, state, error);
        yaml_event_delete(&event);
    }
    return done;
}

bool lakefs_config_read(const char *path, LakefsSettingFunction *found, void *state, Error *error)
{
    FILE *file = fopen(path, "r");
    yaml_parser_t parser;
    bool done;

    if (file == NULL) {
        return error_set(error, EXIT_CODE_USAGE, "could not open configuration \"%s\": %s", path,
                         strerror(errno));
    }
    if (yaml_parser_initialize(&parser) != 1) {
        fclose(file);
        return error_out_of_memory(error);
    }
    yaml_parser_set_input_file(&parser, file);
    done = parse(&parser, path, found, state, error);
    yaml_parser_delete(&parser);
    fclose(file);
    return done;
}
