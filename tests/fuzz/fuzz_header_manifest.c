/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header and manifest: encoding a decoded text gives a text that decodes to the same.
 *
 * Input: a byte, even for a header and odd for a manifest, and the JSON text.
 */
#include "tests/fuzz/fuzz.h"

#include "common/dump/header.h"
#include "common/dump/manifest.h"

/* Decodes and encodes; NULL if the text is invalid. */
static char *turn_header(Slice text)
{
    DumpHeader header;
    Error error = {0};
    char *encoded = NULL;

    if (dump_header_decode(text, &header, &error)) {
        encoded = dump_header_encode(&header, &error);
        FUZZ_CHECK(encoded != NULL);
    } else {
        FUZZ_CHECK(error.code == EXIT_CODE_DUMP);
    }
    dump_header_free(&header);
    return encoded;
}

static char *turn_manifest(Slice text)
{
    DumpManifest manifest;
    Error error = {0};
    char *encoded = NULL;

    if (dump_manifest_decode(text, &manifest, &error)) {
        encoded = dump_manifest_encode(&manifest, &error);
        FUZZ_CHECK(encoded != NULL);
    } else {
        FUZZ_CHECK(error.code == EXIT_CODE_DUMP);
    }
    dump_manifest_free(&manifest);
    return encoded;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Slice text = slice_of(data, size);
    char *(*turn)(Slice) = fuzz_byte(&text) % 2 == 0 ? turn_header : turn_manifest;
    char *once = turn(text);

    if (once != NULL) {
        char *twice = turn(slice_text(once));

        FUZZ_CHECK(twice != NULL);
        FUZZ_CHECK(strcmp(once, twice) == 0);
        free(twice);
    }
    free(once);
    return 0;
}
