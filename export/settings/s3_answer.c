#include "export/settings/s3_answer.h"

#include "common/http/xml_texts.h"

bool s3_answer_parse(Slice document, S3Answer *answer)
{
    const XmlText wanted[] = {{"Error/Code", answer->code, sizeof answer->code},
                              {"Error/Message", answer->message, sizeof answer->message},
                              {"Error/Region", answer->region, sizeof answer->region}};
    Error lacked;
    bool valid = false;
    bool read;

    *answer = (S3Answer){0};
    read = xml_texts_read(document, wanted, sizeof wanted / sizeof wanted[0], &valid, &lacked);
    if (!read || !valid || answer->code[0] == '\0') {
        *answer = (S3Answer){.lacked_memory = !read};
        return false;
    }
    return true;
}
