/* SPDX-License-Identifier: Apache-2.0 */
#include "export/settings/s3_error_response.h"

#include "common/http/xml_texts.h"

bool s3_error_response_parse(Slice document, S3ErrorResponse *response)
{
    const XmlText wanted[] = {{"Error/Code", response->code, sizeof response->code},
                              {"Error/Message", response->message, sizeof response->message},
                              {"Error/Region", response->region, sizeof response->region}};
    Error ignored;
    bool valid = false;
    bool read;

    *response = (S3ErrorResponse){0};
    read = xml_texts_read(document, wanted, sizeof wanted / sizeof wanted[0], &valid, &ignored);
    if (!read || !valid || response->code[0] == '\0') {
        *response = (S3ErrorResponse){.out_of_memory = !read};
        return false;
    }
    return true;
}
