/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The address of an object in an s3:// namespace, and the meaning of S3's responses.
 */
#include "tests/unit/support.h"

#include "common/http/url.h"
#include "export/settings/s3_address.h"
#include "export/settings/s3_error_response.h"

/* Whether an s3:// namespace has an address. */
static bool find(const char *location, const char *path, S3Address *address, Error *error)
{
    StorageNamespace space;
    char text[256];
    bool found;

    *address = (S3Address){0};
    snprintf(text, sizeof text, "s3://%s", location);
    found = storage_namespace_parse(text, &space, error) &&
            s3_address_find(&space, path, address, error);
    storage_namespace_free(&space);
    return found;
}

static void assert_address(const char *location, const char *bucket, const char *key)
{
    S3Address address;
    Error error = {0};

    assert_done(find(location, "_lakefs/x", &address, &error), &error);
    assert_string_equal(address.bucket, bucket);
    assert_string_equal(address.key, key);
    s3_address_free(&address);
}

static void test_namespace_is_taken_apart_as_lakefs_does(void **state)
{
    (void)state;
    assert_address("bucket", "bucket", "_lakefs/x");
    assert_address("bucket/", "bucket", "_lakefs/x");
    assert_address("bucket//", "bucket", "_lakefs/x");
    assert_address("bucket/a/b", "bucket", "a/b/_lakefs/x");
    assert_address("bucket/a%20b%2Fc+d", "bucket", "a b/c+d/_lakefs/x");
    assert_address("bucket/a%3Db/%41%c3%a9", "bucket", "a=b/A\xc3\xa9/_lakefs/x");
    assert_address("bucket/a?query", "bucket", "a/_lakefs/x");
    assert_address("bucket?query/a", "bucket", "_lakefs/x");
    assert_address("bucket/a#f%23", "bucket", "a#f#/_lakefs/x");
    assert_address("user:p@bucket/a@b", "bucket", "a@b/_lakefs/x");
    assert_address("host:9000/bucket/a", "host:9000", "bucket/a/_lakefs/x");
}

/* Source: AWS SDK for Go, version 1, private/protocol/rest/build.go, cleanPath. */
static void test_key_is_cleaned_as_the_path_of_a_request(void **state)
{
    (void)state;
    assert_address("bucket//a//b//", "bucket", "a/b/_lakefs/x");
    assert_address("b/d//e", "b", "d/e/_lakefs/x");
    assert_address("b/e2/../z2", "b", "z2/_lakefs/x");
    assert_address("b/e2/%2e%2E/z2", "b", "z2/_lakefs/x");
    assert_address("b/e2/..%2fz2", "b", "z2/_lakefs/x");
    assert_address("b/./a/%2E/.b/..c/...", "b", "a/.b/..c/.../_lakefs/x");
    assert_address("b/a/..", "b", "_lakefs/x");
    assert_address("b/%2F%2Fa%2F%2Fb", "b", "a/b/_lakefs/x");
}

static void test_invalid_namespace_is_refused(void **state)
{
    static const char *const LOCATIONS[] = {"",       "/",         "/path", "?",        "b/%",
                                            "b/%4",   "b/%zz",     "b/%00", "b/..",     "b/../z",
                                            "b/%2e.", "b/a/../..", "../b",  "./b",      "%2e/b",
                                            "a b/c",  "b%20/c",    "b#c/d", "b:port/c", "b\\/c"};
    S3Address address;
    Error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(LOCATIONS); i++) {
        assert_refused(find(LOCATIONS[i], "x", &address, &error), &error, EXIT_CODE_REFUSED);
        assert_null(address.bucket);
    }
}

static void assert_url(const char *endpoint, bool force_path_style, const char *region,
                       const char *location, const char *expected)
{
    S3Endpoint s3 = {.is_given = endpoint != NULL, .force_path_style = force_path_style};
    S3Address address;
    Buffer url = {0};
    Error error = {0};

    assert_done(endpoint == NULL || url_split(endpoint, &s3.url, &error), &error);
    assert_done(find(location, "_lakefs/x.json", &address, &error), &error);
    assert_done(s3_append_url(&url, &s3, region, &address, &error), &error);
    assert_slice_equal(buffer_slice(&url), slice_text(expected));
    buffer_free(&url);
    s3_address_free(&address);
    url_free(&s3.url);
}

/* Source: Amazon S3 User Guide, "Virtual hosting of buckets". */
static void test_url_has_the_bucket_in_the_host_if_possible(void **state)
{
    (void)state;
    assert_url(NULL, false, "eu-west-1", "buck-1/p",
               "https://buck-1.s3.eu-west-1.amazonaws.com/p/_lakefs/x.json");
    assert_url(NULL, true, "eu-west-1", "buck/p",
               "https://s3.eu-west-1.amazonaws.com/buck/p/_lakefs/x.json");
    assert_url(NULL, false, "us-east-1", "dotted.bucket",
               "https://s3.us-east-1.amazonaws.com/dotted.bucket/_lakefs/x.json");
    assert_url(NULL, false, "us-east-1", "Capital",
               "https://s3.us-east-1.amazonaws.com/Capital/_lakefs/x.json");
    assert_url(NULL, false, "cn-north-1", "buck",
               "https://buck.s3.cn-north-1.amazonaws.com.cn/_lakefs/x.json");
    assert_url("http://minio:9000", false, "x", "buck", "http://buck.minio:9000/_lakefs/x.json");
    assert_url("http://minio:9000/", true, "x", "buck", "http://minio:9000/buck/_lakefs/x.json");
    assert_url("https://minio.example", true, "x", "buck",
               "https://minio.example/buck/_lakefs/x.json");
    assert_url("HTTPS://minio.example", true, "x", "buck",
               "https://minio.example/buck/_lakefs/x.json");
    assert_url("http://host/deeper/", true, "x", "b", "http://host/deeper/b/_lakefs/x.json");
    assert_url("http://10.0.0.1:9", false, "x", "buck", "http://10.0.0.1:9/buck/_lakefs/x.json");
    assert_url("http://[::1]:9", false, "x", "buck", "http://[::1]:9/buck/_lakefs/x.json");
}

/* Source: AWS Signature Version 4, "UriEncode". */
static void test_url_has_each_byte_of_the_key_encoded(void **state)
{
    (void)state;
    assert_url("http://h", true, "x", "b/AZaz09-._~ +%25=&%3F#*()!$,;:@'\xc3\xa9",
               "http://h/b/AZaz09-._~%20%2B%25%3D%26%3F%23%2A%28%29%21%24%2C%3B%3A%40%27%C3%A9/"
               "_lakefs/x.json");
    assert_url("http://h", true, "x", "odd*bucket:1", "http://h/odd%2Abucket%3A1/_lakefs/x.json");
}

static void test_endpoint_must_be_a_server(void **state)
{
    static const char *const URLS[] = {"",
                                       "ftp://h",
                                       "http://",
                                       "http://u:secret@h",
                                       "h?q",
                                       "h#f",
                                       "http://h:port",
                                       "http://a b",
                                       "file:///x",
                                       "http://h\r\nX: y",
                                       "secret@b c",
                                       "minio",
                                       "minio:9000",
                                       "//minio:9000",
                                       "localhost:9000/http://x"};
    UrlParts parts;
    Error error;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(URLS); i++) {
        assert_refused(url_split(URLS[i], &parts, &error), &error, EXIT_CODE_USAGE);
        assert_lacks(error.message, "secret");
        url_free(&parts);
    }
}

static void assert_answer(const char *document, const char *code, const char *message,
                          const char *region)
{
    S3ErrorResponse answer;

    assert_true(s3_error_response_parse(slice_text(document), &answer));
    assert_string_equal(answer.code, code);
    assert_string_equal(answer.message, message);
    assert_string_equal(answer.region, region);
}

static void test_answer_has_code_message_and_region(void **state)
{
    (void)state;
    assert_answer("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code>"
                  "<Message>The &lt;key&gt; is\nnot there.</Message><Key>Code</Key></Error>",
                  "NoSuchKey", "The <key> is not there.", "");
    assert_answer("<Error><A><Code>Inner</Code></A><Region>eu-west-1</Region><Code>Outer</Code>"
                  "</Error>",
                  "Outer", "", "eu-west-1");
}

static void test_response_not_from_s3_is_ignored(void **state)
{
    static const char *const DOCUMENTS[] = {
        "",
        "not found",
        "<html><Code>NoSuchKey</Code></html>",
        "<Error/>",
        "<Error><Message>x</Message></Error>",
        "<Error><Code>NoSuchKey</Code>",
        "<Error><Code>NoSuchKey</Error>",
        "<x><Error><Code>NoSuchKey</Code></Error></x>",
    };
    S3ErrorResponse answer;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(DOCUMENTS); i++) {
        assert_false(s3_error_response_parse(slice_text(DOCUMENTS[i]), &answer));
        assert_string_equal(answer.code, "");
    }
}

static void test_answer_of_any_length_is_bounded(void **state)
{
    char document[10000];
    S3ErrorResponse answer;

    (void)state;
    snprintf(document, sizeof document, "<Error><Code>C</Code><Message>%09000d</Message></Error>",
             7);
    assert_true(s3_error_response_parse(slice_text(document), &answer));
    assert_int_equal(strlen(answer.message), sizeof answer.message - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_namespace_is_taken_apart_as_lakefs_does),
        cmocka_unit_test(test_key_is_cleaned_as_the_path_of_a_request),
        cmocka_unit_test(test_invalid_namespace_is_refused),
        cmocka_unit_test(test_url_has_the_bucket_in_the_host_if_possible),
        cmocka_unit_test(test_url_has_each_byte_of_the_key_encoded),
        cmocka_unit_test(test_endpoint_must_be_a_server),
        cmocka_unit_test(test_answer_has_code_message_and_region),
        cmocka_unit_test(test_response_not_from_s3_is_ignored),
        cmocka_unit_test(test_answer_of_any_length_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
