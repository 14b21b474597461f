/* SPDX-License-Identifier: Apache-2.0 */
#include "export/redact/texts.h"

#include "common/kv/model.h"
#include "common/kv/xid.h"

#include <string.h>

static const char HEXADECIMAL[] = "0123456789abcdef";
static const char DIGITS[] = "0123456789";

/* Lists end with NULL.  Source: lakeFS's setup of an installation (pkg/auth/setup.go). */
static const char *const GROUPS[] = {"Admins", "SuperUsers", "Developers", "Viewers", NULL};
static const char *const POLICIES[] = {"FSFullAccess",
                                       "FSReadWriteAll",
                                       "FSReadAll",
                                       "RepoManagementFullAccess",
                                       "RepoManagementReadAll",
                                       "AuthFullAccess",
                                       "AuthManageOwnCredentials",
                                       NULL};
static const char *const USER_SOURCES[] = {"internal", "ldap", "oidc", "external", NULL};
static const char *const EVENT_TYPES[] = {
    "pre-commit",        "post-commit",        "pre-merge",
    "post-merge",        "pre-create-branch",  "post-create-branch",
    "pre-delete-branch", "post-delete-branch", "pre-create-tag",
    "post-create-tag",   "pre-delete-tag",     "post-delete-tag",
    "prepare-commit",    "pre-revert",         "post-revert",
    "pre-cherry-pick",   "post-cherry-pick",   NULL};
static const char *const EFFECTS[] = {"allow", "deny", NULL};
static const char *const CONTENT_TYPES[] = {"application/octet-stream",
                                            "binary/octet-stream",
                                            "application/json",
                                            "application/xml",
                                            "application/pdf",
                                            "application/zip",
                                            "application/gzip",
                                            "application/x-directory",
                                            "application/x-parquet",
                                            "application/vnd.apache.parquet",
                                            "text/plain",
                                            "text/plain; charset=utf-8",
                                            "text/csv",
                                            "text/html",
                                            "image/jpeg",
                                            "image/png",
                                            NULL};
/* The services of actions and ARNs. */
static const char *const SERVICES[] = {"fs",       "auth", "ci",      "retention",
                                       "branches", "pr",   "catalog", NULL};
static const char *const PERMISSIONS[] = {"Read", "Write", "Super", "Admin", NULL};
static const char *const CONDITION_OPERATORS[] = {"IpAddress", "NotIpAddress", NULL};
static const char *const CONDITIONS[] = {"SourceIp", NULL};
static const char *const OPERATIONS[] = {
    "commit", "merge", "dump_refs", "restore_refs", "gc_prepare_commits", NULL};
static const char *const TASKS[] = {KV_TASK_DUMP,   KV_TASK_RESTORE, KV_TASK_PREPARE_COMMITS,
                                    KV_TASK_COMMIT, KV_TASK_MERGE,   NULL};
/* What the names of the policies begin with that lakeFS made of groups; the group follows. */
static const char ACL_POLICY[] = "ACL(_-_)";
static const char *const SCHEMES[] = {"local", "s3", "s3a", "gs", "http", "https", "mem", NULL};
static const char ACTIONS_FOLDER[] = "_lakefs_actions";

/* Suffixes of a ref: ancestors, and the committed or staged state. */
static const char REF_MODIFIERS[] = "~^@$";

static const char RESOURCE_WILDCARDS[] = "*?";
static const char PATTERN_CHARACTERS[] = "*?[]{},!\\";

static bool is_in(Slice word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (slice_equal(word, slice_text(*words))) {
            return true;
        }
    }
    return false;
}

/* Whether all bytes are among the characters; a NUL never is. */
static bool is_of(Slice text, const char *characters)
{
    for (size_t i = 0; i < text.size; i++) {
        if (memchr(characters, text.data[i], strlen(characters)) == NULL) {
            return false;
        }
    }
    return true;
}

static Slice from(Slice text, size_t offset)
{
    return offset == 0 ? text : slice_of(text.data + offset, text.size - offset);
}

/* The number of bytes before the first that is (with `of`, that is not) among the characters. */
static size_t span(Slice text, const char *characters, bool of)
{
    size_t size = 0;

    while (size < text.size &&
           (memchr(characters, text.data[size], strlen(characters)) != NULL) == of) {
        size++;
    }
    return size;
}

static bool begins_with(Slice text, const char *prefix)
{
    size_t size = strlen(prefix);

    return text.size >= size && memcmp(text.data, prefix, size) == 0;
}

static bool append(Buffer *redacted, Slice text, Error *error)
{
    return buffer_append(redacted, text.data, text.size, error);
}

bool text_name(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    return pseudonym_append(names, text, redacted, error);
}

/* Keeps a known word; else redacts a name. */
static bool text_word(Pseudonyms *names, Slice text, const char *const *words, Buffer *redacted,
                      Error *error)
{
    return is_in(text, words) ? append(redacted, text, error)
                              : text_name(names, text, redacted, error);
}

#define WORD_RULE(name, words)                                                                     \
    bool name(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)                       \
    {                                                                                              \
        return text_word(names, text, words, redacted, error);                                     \
    }

WORD_RULE(text_group, GROUPS)
WORD_RULE(text_user_source, USER_SOURCES)
WORD_RULE(text_event_type, EVENT_TYPES)
WORD_RULE(text_effect, EFFECTS)
WORD_RULE(text_content_type, CONTENT_TYPES)
WORD_RULE(text_permission, PERMISSIONS)
WORD_RULE(text_condition_operator, CONDITION_OPERATORS)
WORD_RULE(text_condition, CONDITIONS)
WORD_RULE(text_operation, OPERATIONS)

bool text_policy(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    if (begins_with(text, ACL_POLICY)) {
        return buffer_append_text(redacted, ACL_POLICY, error) &&
               text_group(names, from(text, strlen(ACL_POLICY)), redacted, error);
    }
    return text_word(names, text, POLICIES, redacted, error);
}

bool text_email(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    return text_name(names, text, redacted, error) &&
           (text.size == 0 || buffer_append_text(redacted, "@redacted.invalid", error));
}

bool text_action(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ*?";
    size_t service = span(text, ":", false);
    bool known = service < text.size ? is_in(slice_of(text.data, service), SERVICES) &&
                                           is_of(from(text, service + 1), LETTERS)
                                     : is_of(text, RESOURCE_WILDCARDS);

    return known ? append(redacted, text, error) : text_name(names, text, redacted, error);
}

/* Keeps the characters, and redacts the texts between them by the rule. */
static bool text_between(Pseudonyms *names, Slice text, const char *characters, TextRule *rule,
                         Buffer *redacted, Error *error)
{
    while (text.size > 0) {
        size_t kept = span(text, characters, true);
        size_t size = span(from(text, kept), characters, false);

        if (!append(redacted, slice_of(text.data, kept), error) ||
            (size > 0 && !rule(names, slice_of(text.data + kept, size), redacted, error))) {
            return false;
        }
        text = from(text, kept + size);
    }
    return true;
}

bool text_branch_pattern(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    return text_between(names, text, PATTERN_CHARACTERS, text_name, redacted, error);
}

static bool path_component(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    return slice_equal(text, slice_text(ACTIONS_FOLDER)) ? append(redacted, text, error)
                                                         : text_name(names, text, redacted, error);
}

bool text_path(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    return text_between(names, text, "/", path_component, redacted, error);
}

/* Keeps the scheme of a URL, and redacts the rest by the rule for paths. */
static bool text_url(Pseudonyms *names, Slice text, TextRule *path, Buffer *redacted, Error *error)
{
    static const char SEPARATOR[] = "://";
    size_t scheme = span(text, ":", false);

    if (is_in(slice_of(text.data, scheme), SCHEMES) && begins_with(from(text, scheme), SEPARATOR)) {
        size_t size = scheme + strlen(SEPARATOR);

        if (!append(redacted, slice_of(text.data, size), error)) {
            return false;
        }
        text = from(text, size);
    }
    return path(names, text, redacted, error);
}

bool text_address(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    return text_url(names, text, text_path, redacted, error);
}

/* Names in resources may contain wildcards.  The variable for the current user is not a name. */
static bool resource_part(Pseudonyms *names, Slice text, TextRule *rule, Buffer *redacted,
                          Error *error)
{
    return slice_equal(text, slice_text("${user}"))
               ? append(redacted, text, error)
               : text_between(names, text, RESOURCE_WILDCARDS, rule, redacted, error);
}

static bool resource_path(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    return resource_part(names, text, text_path, redacted, error);
}

static bool resource_name(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    return resource_part(names, text, text_name, redacted, error);
}

static bool resource_group(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    return resource_part(names, text, text_group, redacted, error);
}

static bool resource_policy(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    return resource_part(names, text, text_policy, redacted, error);
}

static bool resource_namespace(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    return text_url(names, text, resource_path, redacted, error);
}

typedef struct ResourceKind {
    const char *prefix;
    TextRule *rule; /* for what follows */
} ResourceKind;

/* Finds the rule for a kind, and moves the kind's prefix to `redacted`; else the rule for paths. */
static bool resource_kind(const ResourceKind *kinds, Slice *text, TextRule **rule, Buffer *redacted,
                          Error *error)
{
    *rule = resource_path;
    for (; kinds->prefix != NULL; kinds++) {
        if (begins_with(*text, kinds->prefix)) {
            *rule = kinds->rule;
            *text = from(*text, strlen(kinds->prefix));
            return buffer_append_text(redacted, kinds->prefix, error);
        }
    }
    return true;
}

/* "<repository>", "<repository>/object/<path>" and the like. */
static bool resource_repository(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    static const ResourceKind KINDS[] = {
        {"/object/", resource_path}, {"/branch/", resource_name}, {"/tag/", resource_name}, {0}};
    size_t size = span(text, "/", false);
    Slice rest = from(text, size);
    TextRule *rule;

    return resource_name(names, slice_of(text.data, size), redacted, error) &&
           resource_kind(KINDS, &rest, &rule, redacted, error) &&
           rule(names, rest, redacted, error);
}

/* arn:lakefs:<service>:<region>:<account>:<resource> */
bool text_resource(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    static const char ARN[] = "arn:lakefs:";
    static const ResourceKind KINDS[] = {{"repository/", resource_repository},
                                         {"namespace/", resource_namespace},
                                         {"user/", resource_name},
                                         {"group/", resource_group},
                                         {"policy/", resource_policy},
                                         {"table/", resource_path},
                                         {"view/", resource_path},
                                         {0}};
    TextRule *rule;

    if (!begins_with(text, ARN)) {
        return resource_path(names, text, redacted, error);
    }
    if (!append(redacted, slice_of(text.data, strlen(ARN)), error)) {
        return false;
    }
    text = from(text, strlen(ARN));
    for (unsigned i = 0; i < 3; i++) {
        size_t size = span(text, ":", false);
        Slice field = slice_of(text.data, size);

        if (!(is_of(field, RESOURCE_WILDCARDS)
                  ? append(redacted, field, error)
                  : text_word(names, field, SERVICES, redacted, error))) {
            return false;
        }
        if (size == text.size) {
            return true;
        }
        if (!buffer_append_text(redacted, ":", error)) {
            return false;
        }
        text = from(text, size + 1);
    }
    return resource_kind(KINDS, &text, &rule, redacted, error) &&
           rule(names, text, redacted, error);
}

static bool is_hash(Slice text)
{
    enum { SIZE = 64 };

    return text.size == SIZE && is_of(text, HEXADECIMAL);
}

bool text_hash(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    return is_hash(text) ? append(redacted, text, error) : text_name(names, text, redacted, error);
}

bool text_ref(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    size_t size = span(text, REF_MODIFIERS, false);
    Slice modifiers = from(text, size);

    for (size_t i = 0; i < modifiers.size; i++) {
        if (!is_of(slice_of(&modifiers.data[i], 1), REF_MODIFIERS) &&
            !is_of(slice_of(&modifiers.data[i], 1), DIGITS)) {
            return text_name(names, text, redacted, error);
        }
    }
    return text_hash(names, slice_of(text.data, size), redacted, error) &&
           append(redacted, modifiers, error);
}

bool text_xid(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    char digits[XID_TEXT_SIZE + 1];
    uint8_t tail[XID_TAIL_SIZE];
    Xid xid;

    if (!xid_from_text(text, &xid)) {
        return text_name(names, text, redacted, error);
    }
    if (!pseudonym_fill(names, "xid", text, tail, sizeof tail, error)) {
        return false;
    }
    memcpy(xid.bytes + XID_SIZE - XID_TAIL_SIZE, tail, sizeof tail);
    xid_to_text(xid, digits);
    return buffer_append_text(redacted, digits, error);
}

bool text_task(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    for (const char *const *kind = TASKS; *kind != NULL; kind++) {
        if (begins_with(text, *kind)) {
            return buffer_append_text(redacted, *kind, error) &&
                   text_xid(names, from(text, strlen(*kind)), redacted, error);
        }
    }
    return text_name(names, text, redacted, error);
}

bool text_hook_run(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    size_t size = span(text, DIGITS, true);

    return size > 0 && size + 1 < text.size && text.data[size] == '_' &&
                   is_of(from(text, size + 1), DIGITS)
               ? append(redacted, text, error)
               : text_name(names, text, redacted, error);
}

static bool is_uuid(Slice text)
{
    static const char FORM[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (text.size != strlen(FORM)) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (!is_of(slice_of(&text.data[i], 1), FORM[i] == 'x' ? HEXADECIMAL : "-")) {
            return false;
        }
    }
    return true;
}

bool text_staging_token(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    enum { UUID_SIZE = 36 };
    size_t size = text.size > UUID_SIZE ? text.size - UUID_SIZE - 1 : 0;

    if (size == 0 || text.data[size] != ':' || !is_uuid(from(text, size + 1))) {
        return text_name(names, text, redacted, error);
    }
    return text_name(names, slice_of(text.data, size), redacted, error) &&
           append(redacted, from(text, size), error);
}

bool text_etag(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    enum { MIN_DIGITS = 32, MAX_DIGITS = 128 };
    size_t size = span(text, HEXADECIMAL, true);
    Slice rest = from(text, size);
    uint8_t bytes[MAX_DIGITS];

    if (size < MIN_DIGITS || size > MAX_DIGITS ||
        (rest.size > 0 && (rest.data[0] != '-' || !is_of(from(rest, 1), DIGITS)))) {
        return text_name(names, text, redacted, error);
    }
    if (!pseudonym_fill(names, "etag", text, bytes, size, error)) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)HEXADECIMAL[bytes[i] & 15];
    }
    return append(redacted, slice_of(bytes, size), error) && append(redacted, rest, error);
}

bool text_identity(Pseudonyms *names, Slice text, Buffer *redacted, Error *error)
{
    if (!buffer_reserve(redacted, text.size, error) ||
        (text.size > 0 && !pseudonym_fill(names, "identity", text, redacted->data + redacted->size,
                                          text.size, error))) {
        return false;
    }
    redacted->size += text.size;
    return true;
}
