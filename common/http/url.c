/* SPDX-License-Identifier: Apache-2.0 */
#include "common/http/url.h"

#include "common/base/text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

static bool invalid_url(const char *url, Error *error)
{
    /* What precedes an "@" may be a password. */
    return error_set(error, EXIT_CODE_USAGE, "\"%s\" is not the URL of a server",
                     strchr(url, '@') == NULL ? url : "(a URL with an @)");
}

static bool has_scheme(const char *url)
{
    size_t size = strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

    return size > 0 && strncmp(url + size, "://", 3) == 0;
}

static bool lacks_scheme(const char *url, Error *error)
{
    invalid_url(url, error);
    error_detail(error, "It has no scheme.");
    return error_hint(error, "A URL begins with https:// or http://.");
}

static bool has_part(CURLU *parsed, CURLUPart what)
{
    char *part = NULL;
    bool found = curl_url_get(parsed, what, &part, 0) == CURLUE_OK;

    curl_free(part);
    return found;
}

/* Copies a part; *text stays NULL when the URL has none. */
static bool copy_part(CURLU *parsed, CURLUPart what, char **text, Error *error)
{
    char *part = NULL;
    CURLUcode code = curl_url_get(parsed, what, &part, 0);

    if (code == CURLUE_OK) {
        bool done = text_copy(part, text, error);

        curl_free(part);
        return done;
    }
    return code != CURLUE_OUT_OF_MEMORY || error_out_of_memory(error);
}

static bool copy_parts(CURLU *parsed, const char *url, UrlParts *parts, Error *error)
{
    struct in_addr address;

    if (has_part(parsed, CURLUPART_USER) || has_part(parsed, CURLUPART_PASSWORD) ||
        has_part(parsed, CURLUPART_QUERY) || has_part(parsed, CURLUPART_FRAGMENT)) {
        /* The parts are not shown: one may be a password. */
        return error_set(error, EXIT_CODE_USAGE,
                         "the URL of a server must have neither user nor query");
    }
    if (!copy_part(parsed, CURLUPART_SCHEME, &parts->scheme, error) ||
        !copy_part(parsed, CURLUPART_HOST, &parts->host, error) ||
        !copy_part(parsed, CURLUPART_PORT, &parts->port, error) ||
        !copy_part(parsed, CURLUPART_PATH, &parts->path, error)) {
        return false;
    }
    if (parts->scheme == NULL || parts->host == NULL || parts->path == NULL ||
        (strcmp(parts->scheme, "http") != 0 && strcmp(parts->scheme, "https") != 0)) {
        return invalid_url(url, error);
    }
    for (size_t size = strlen(parts->path); size > 0 && parts->path[size - 1] == '/'; size--) {
        parts->path[size - 1] = '\0';
    }
    parts->is_address = parts->host[0] == '[' || inet_pton(AF_INET, parts->host, &address) == 1;
    return true;
}

bool url_split(const char *url, UrlParts *parts, Error *error)
{
    CURLU *parsed;
    CURLUcode code;
    bool done;

    *parts = (UrlParts){0};
    if (!has_scheme(url)) {
        return lacks_scheme(url, error);
    }
    parsed = curl_url();
    if (parsed == NULL) {
        return error_out_of_memory(error);
    }
    code = curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME);
    done = code == CURLUE_OK              ? copy_parts(parsed, url, parts, error)
           : code == CURLUE_OUT_OF_MEMORY ? error_out_of_memory(error)
                                          : invalid_url(url, error);
    curl_url_cleanup(parsed);
    return done;
}

bool url_append_server(Buffer *url, const UrlParts *parts, const char *label, Error *error)
{
    return buffer_append_format(url, error, "%s://%s%s%s%s%s%s", parts->scheme, label,
                                label[0] != '\0' ? "." : "", parts->host,
                                parts->port != NULL ? ":" : "",
                                parts->port != NULL ? parts->port : "", parts->path);
}

void url_free(UrlParts *parts)
{
    free(parts->scheme);
    free(parts->host);
    free(parts->port);
    free(parts->path);
    *parts = (UrlParts){0};
}

/* Encodes all but letters, digits and the characters in `plain_marks`. */
static bool append_encoded(Buffer *url, Slice text, const char *plain_marks, Error *error)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        bool plain =
            byte < 0x80 && (isalnum(byte) || strchr(plain_marks, byte) != NULL) && byte != 0;

        if (plain ? !buffer_append(url, &byte, 1, error)
                  : !buffer_append_format(url, error, "%%%02X", byte)) {
            return false;
        }
    }
    return true;
}

bool url_append_path(Buffer *url, Slice path, Error *error)
{
    return append_encoded(url, path, "-._~/", error);
}

bool url_append_value(Buffer *url, Slice value, Error *error)
{
    return append_encoded(url, value, "-._~", error);
}

static int hex_value(uint8_t digit)
{
    return isdigit(digit) ? digit - '0' : tolower(digit) - 'a' + 10;
}

bool url_append_decoded(Buffer *text, Slice encoded, bool *valid, Error *error)
{
    *valid = true;
    for (size_t i = 0; i < encoded.size; i++) {
        uint8_t byte = encoded.data[i];

        if (byte == '%') {
            if (encoded.size - i < 3 || !isxdigit(encoded.data[i + 1]) ||
                !isxdigit(encoded.data[i + 2])) {
                *valid = false;
                return true;
            }
            byte = (uint8_t)(hex_value(encoded.data[i + 1]) << 4 | hex_value(encoded.data[i + 2]));
            i += 2;
        }
        if (byte == 0) {
            *valid = false;
            return true;
        }
        if (!buffer_append(text, &byte, 1, error)) {
            return false;
        }
    }
    return true;
}
